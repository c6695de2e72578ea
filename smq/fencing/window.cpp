#include "smq/fencing/window.hpp"

#include "smq/entry_path.hpp"
#include "smq/names.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace tidegate::smq {

namespace {

constexpr std::size_t quoted_bytes = 255;  // of a path, in an answer

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

bool puts_one_small_entry(const write_unit& unit) {
  if (unit.mutations->size() != 1) return false;
  // A chunk that only the left-out entry names would never be released.
  const auto& only = unit.mutations->front();
  return only.what == mutation::kind::put && only.target.chunks.empty();
}

}  // namespace

verdict judge(const write_window& window, const std::optional<std::string>& observed) {
  if (!observed) return verdict::gone;
  if (*observed == window.after_content) return verdict::applied;
  if (*observed == window.before) return verdict::pending;
  if (window.burn && *observed == window.burn_content) return verdict::burned;
  auto found = decode_fence(*observed);
  if (!found) return verdict::not_applied_fenced;
  // Of our chain only the last content and those of this window can still be there, unless the store went back. With
  // the same seq as the last one it is a window that had been burned: in the older store it could be applied after all.
  if (found->incarnation == window.after.incarnation)
    return found->seq < window.after.seq ? verdict::rewound : verdict::not_applied_fenced;
  return found->previous == window.after_content ? verdict::applied_fenced : verdict::not_applied_fenced;
}

std::optional<std::string> why_not(const std::vector<mutation>& mutations) {
  static const std::string nodes = std::string{own_root} + "/nodes";
  static const std::string view = view_path();
  for (const auto& m : mutations) {
    const auto& path = m.target.path;
    if (auto problem = path_problem(path); !problem.empty()) return problem + ": " + path.substr(0, quoted_bytes);
    if (is_below(path, nodes) || path == nodes || path == view) return "only fencing writes " + path;
  }
  return std::nullopt;
}

namespace {

/// The units that mutations_of() leaves out.
std::vector<bool> replaced_units(const std::vector<write_unit>& units) {
  std::vector<bool> replaced(units.size());
  std::unordered_map<std::uint64_t, std::size_t> last;  // session -> index of its latest unit so far
  for (std::size_t i = 0; i < units.size(); ++i) {
    auto [it, is_first] = last.try_emplace(units[i].session, i);
    if (is_first) continue;
    const auto& earlier = units[it->second];
    if (puts_one_small_entry(earlier) && puts_one_small_entry(units[i]) &&
        earlier.mutations->front().target.path == units[i].mutations->front().target.path)
      replaced[it->second] = true;
    it->second = i;
  }
  return replaced;
}

}  // namespace

mutation_list mutations_of(const write_window& window) {
  const auto& units = window.units;
  const auto replaced = replaced_units(units);
  mutation_list all;
  for (std::size_t i = 0; i < units.size(); ++i)
    if (!replaced[i]) all.add(units[i].mutations);
  return all;
}

std::vector<write_unit> leave_out(write_window& window, std::size_t index) {
  const auto replaced = replaced_units(window.units);
  std::size_t at = 0;
  for (; at < window.units.size(); ++at) {
    const auto count = replaced[at] ? 0 : window.units[at].mutations->size();
    if (index < count) break;
    index -= count;
  }
  std::vector<write_unit> out;
  if (at == window.units.size()) return out;
  const auto session = window.units[at].session;
  std::vector<write_unit> rest;
  for (std::size_t i = 0; i < window.units.size(); ++i)
    (window.units[i].session == session ? out : rest).push_back(std::move(window.units[i]));
  window.units = std::move(rest);
  return out;
}

std::size_t size_of(const std::vector<mutation>& mutations) {
  constexpr std::size_t per_mutation = 32;
  constexpr std::size_t per_chunk = 40;
  std::size_t total = 0;
  for (const auto& m : mutations) {
    total += per_mutation + m.target.path.size() + m.target.content.size();
    for (const auto& [name, value] : m.target.attributes) total += name.size() + value.size();
    for (const auto& c : m.target.chunks) total += per_chunk + c.id.size();
  }
  return total;
}

std::uint64_t new_chunk_bytes_of(const std::vector<mutation>& mutations) {
  std::uint64_t total = 0;
  for (const auto& m : mutations) total += m.new_chunk_bytes;
  return total;
}

}  // namespace tidegate::smq
