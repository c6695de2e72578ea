#include "smq/seaweedmq/sendable.hpp"

#include "messages/common/utf8.hpp"
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
    if (!is_well_formed_utf8(name)) return "an attribute's name is not UTF-8";
  }
  for (const auto& c : e.chunks) {
    if (c.id.empty() || !is_well_formed_utf8(c.id)) return "not a chunk id of this engine";
    if (c.offset > INT64_MAX || c.size > INT64_MAX - c.offset) return "a chunk ends behind 2^63";
  }
  return {};
}

}  // namespace

std::string filer_path_problem(std::string_view path) {
  if (auto problem = path_problem(path); !problem.empty()) return problem;
  return is_well_formed_utf8(path) ? "" : "path is not UTF-8";
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
