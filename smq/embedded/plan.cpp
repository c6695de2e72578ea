#include "smq/embedded/plan.hpp"

#include "smq/embedded/entry_codec.hpp"
#include "smq/entry_path.hpp"

#include <algorithm>
#include <cassert>
#include <span>

namespace tidegate::smq::embedded {

namespace {

outcome refused(std::string reason) { return {status::refused, std::move(reason), 0}; }

/// Elements of `a` that are not in `b`, sorted. Mostly a file that got one chunk more: what they begin with alike is not
/// compared again.
std::vector<chunk_id> without(std::span<const chunk_id> whole_a, std::span<const chunk_id> whole_b) {
  const auto alike = std::ranges::mismatch(whole_a, whole_b);
  std::vector<chunk_id> a(alike.in1, whole_a.end());
  std::vector<chunk_id> b(alike.in2, whole_b.end());
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::vector<chunk_id> rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest;
}

}  // namespace

std::string prepare(mutation_list mutations, std::uint64_t max_entry_bytes, prepared_transaction& into) {
  std::size_t bytes = 0;
  for (const auto& m : mutations) {
    if (auto problem = path_problem(m.target.path); !problem.empty()) return problem;
    if (m.what == mutation::kind::erase) continue;
    const auto size = encoded_bytes(m.target);
    if (size + m.target.path.size() > max_entry_bytes)
      return "entry too large: " + std::to_string(size + m.target.path.size()) + " bytes";
    bytes += size;
  }
  into.source = std::move(mutations);
  into.values = std::make_unique<std::string>();
  auto& values = *into.values;
  values.reserve(bytes);  // it must not move while there are views
  into.mutations.reserve(into.source.size());
  for (const auto& m : into.source) {
    auto& prepared = into.mutations.emplace_back(prepared_mutation{{m.target.path, std::nullopt}, {}});
    if (m.what == mutation::kind::erase) continue;
    const auto begin = values.size();
    append_entry(values, m.target);
    prepared.what.value = std::string_view{values}.substr(begin);
    for (const auto& c : m.target.chunks) prepared.chunks.push_back(c.id);
  }
  assert(values.size() == bytes);
  return {};
}

const record_view* window_plan::newest(std::string_view path) const {
  if (is_plain(path)) {
    const auto last = std::find_if(records.rbegin(), records.rend(), [&](const auto& r) { return r.path == path; });
    return last == records.rend() ? nullptr : &*last;
  }
  const auto found = newest_.find(path);
  return found == newest_.end() ? nullptr : &records[found->second];
}

outcome window_plan::check(const guard& condition) const {
  stored_value now;
  if (const auto* here = newest(condition.path)) {
    now = here->value ? stored_value{{}, std::string{*here->value}} : stored_value{{status::absent, {}, 0}, {}};
  } else {
    now = stored_.find(condition.path);
  }
  if (now.what.code == status::absent) {
    return condition.expected ? outcome{status::conflict, "the guarded entry is absent", 0} : outcome{};
  }
  if (!now.is_ok()) return refused("cannot read the guarded entry: " + now.what.reason);
  const auto content = content_of(now.value);
  if (!content) return refused("the guarded entry is " + why_unreadable(now.value, entry_version));
  if (condition.expected && *content == *condition.expected) return {};
  return {status::conflict, "the guarded entry has another content", 0};
}

result<std::vector<chunk_id>> window_plan::chunks_before(std::string_view path) const {
  const auto* here = newest(path);
  if (here == nullptr) return stored_.chunks_named_by(std::string{path});
  if (!here->value) return {};
  auto ids = chunks_of(*here->value);
  if (!ids) return {unreadable("entry " + std::string{path}, *here->value, entry_version, status::unknown), {}};
  return {{}, std::move(*ids)};
}

outcome window_plan::name_chunks(const prepared_mutation& m, std::vector<chunk_id>& claims,
                                 std::vector<chunk_id>& releases) const {
  if (is_plain(m.what.path))
    return m.chunks.empty() ? outcome{} : refused("no chunks may be named by " + std::string{m.what.path});
  auto before = chunks_before(m.what.path);
  if (!before.is_ok()) return refused("cannot read " + std::string{m.what.path} + ": " + before.what.reason);
  auto& had = before.value;
  if (had.empty() && m.chunks.empty()) return {};
  for (auto& id : without(m.chunks, had)) {
    const bool taken = claimed_set_.contains(id) || std::find(claims.begin(), claims.end(), id) != claims.end();
    if (taken || !waits_for_a_name_(id))
      return refused("no such chunk, or another entry names it: " + std::string{m.what.path});
    claims.push_back(std::move(id));
  }
  for (auto& id : without(had, m.chunks)) releases.push_back(std::move(id));
  return {};
}

void window_plan::push(const record_view& what, std::vector<undo::change>& changes) {
  const auto [at, is_new] = newest_.try_emplace(what.path, records.size());
  changes.push_back({what.path, is_new ? std::nullopt : std::optional{at->second}});
  at->second = records.size();
  records.push_back(what);
}

void window_plan::take_back(const undo& transaction) {
  for (auto last = transaction.newest.rbegin(); last != transaction.newest.rend(); ++last) {
    if (last->before) {
      newest_.find(last->path)->second = *last->before;
    } else {
      newest_.erase(last->path);
    }
  }
  records.erase(records.begin() + static_cast<std::ptrdiff_t>(transaction.records), records.end());
}

outcome window_plan::add(const guard& condition, const std::vector<prepared_mutation>& mutations) {
  if (auto checked = check(condition); !checked.is_ok()) return checked;
  undo changes{records.size(), {}};
  std::vector<chunk_id> claims;
  std::vector<chunk_id> releases;
  for (const auto& m : mutations) {
    if (m.chunks.empty() && is_plain(m.what.path)) {
      records.push_back(m.what);
      continue;
    }
    if (auto named = name_chunks(m, claims, releases); !named.is_ok()) {
      take_back(changes);
      return named;
    }
    push(m.what, changes.newest);
  }
  claimed_set_.insert(claims.begin(), claims.end());
  claimed.insert(claimed.end(), claims.begin(), claims.end());
  released.insert(released.end(), releases.begin(), releases.end());
  return {};
}

std::string window_plan::replay(const record_view& what) {
  prepared_mutation m{what, {}};
  if (what.value) {
    auto ids = chunks_of(*what.value);
    if (!ids) return why_unreadable(*what.value, entry_version) + ": entry " + std::string{what.path};
    m.chunks = std::move(*ids);
  }
  std::vector<chunk_id> claims;
  if (auto named = name_chunks(m, claims, released); !named.is_ok()) return named.reason;
  claimed.insert(claimed.end(), claims.begin(), claims.end());
  claimed_set_.insert(claims.begin(), claims.end());
  std::vector<undo::change> ignored;
  push(what, ignored);
  return {};
}

}  // namespace tidegate::smq::embedded
