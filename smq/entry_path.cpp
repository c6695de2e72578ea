#include "smq/entry_path.hpp"

#include <algorithm>

namespace tidegate::smq {

namespace {

constexpr std::size_t max_name_bytes = 255;
constexpr std::size_t max_path_bytes = 4096;

}  // namespace

std::string path_problem(std::string_view path) {
  if (path.empty() || path.front() != '/') return "path is not absolute";
  if (path.size() > max_path_bytes) return "path is longer than 4096 bytes";
  if (path.find('\0') != std::string_view::npos) return "path contains a NUL byte";
  for (std::size_t at = 1; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto name = path.substr(at, end - at);
    if (name.empty() || name == "." || name == "..") return "path has an empty or relative name";
    if (name.size() > max_name_bytes) return "name is longer than 255 bytes";
    at = end + 1;
  }
  return {};
}

std::string_view directory_of(std::string_view path) {
  const auto end = path.rfind('/');
  return end == 0 ? path.substr(0, 1) : path.substr(0, end);
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace tidegate::smq
