#include "smq/seaweedmq/sendable.hpp"

#include "smq/entry_path.hpp"

#include <cstdint>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::uint64_t max_entry_bytes = 4ULL << 20;         // as on embedded: what runs there runs here
constexpr std::uint64_t max_transaction_bytes = 64ULL << 20;  // the filer takes 1 GiB

std::uint64_t size_of(const entry& e) {
  auto bytes = e.path.size() + e.content.size();
  for (const auto& [name, value] : e.attributes) bytes += name.size() + value.size() + 8;
  for (const auto& c : e.chunks) bytes += c.id.size() + 40;
  return bytes;
}

std::string problem_of(const entry& e) {
  if (size_of(e) > max_entry_bytes) return "entry too large: " + std::to_string(size_of(e)) + " bytes";
  for (const auto& [name, value] : e.attributes) {
    if (!is_utf8(name)) return "an attribute's name is not UTF-8";
  }
  for (const auto& c : e.chunks) {
    if (c.id.empty() || !is_utf8(c.id)) return "not a chunk id of this engine";
    if (c.offset > INT64_MAX || c.size > INT64_MAX - c.offset) return "a chunk ends behind 2^63";
  }
  return {};
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto first = static_cast<std::uint8_t>(bytes[at++]);
    if (first < 0x80) continue;
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || bytes.size() - at < static_cast<std::size_t>(more)) return false;
    std::uint32_t point = first & (0x3fU >> static_cast<unsigned>(more));
    for (int i = 0; i < more; ++i) {
      const auto next = static_cast<std::uint8_t>(bytes[at++]);
      if ((next & 0xc0U) != 0x80U) return false;
      point = point << 6U | (next & 0x3fU);
    }
    const std::uint32_t smallest = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
    if (point < smallest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
  }
  return true;
}

std::string filer_path_problem(std::string_view path) {
  if (auto problem = path_problem(path); !problem.empty()) return problem;
  return is_utf8(path) ? "" : "path is not UTF-8";
}

std::string transaction_problem(const guard& condition, const mutation_list& mutations) {
  if (auto problem = filer_path_problem(condition.path); !problem.empty()) return problem;
  std::uint64_t bytes = 0;
  for (const auto& m : mutations) {
    if (auto problem = filer_path_problem(m.target.path); !problem.empty()) return problem;
    if (m.what == mutation::kind::erase) continue;
    if (auto problem = problem_of(m.target); !problem.empty()) return m.target.path + ": " + problem;
    bytes += size_of(m.target);
  }
  return bytes > max_transaction_bytes ? "transaction too large: " + std::to_string(bytes) + " bytes" : "";
}

}  // namespace tidegate::smq::seaweedmq
