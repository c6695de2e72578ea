#include "smq/embedded/plan.hpp"

#include "smq/embedded/entry_codec.hpp"
#include "smq/entry_path.hpp"

#include <algorithm>

namespace tidegate::smq::embedded {

namespace {

outcome refused(std::string reason) { return {status::refused, std::move(reason), 0}; }

/// Elements of `a` that are not in `b`; both get sorted.
std::vector<chunk_id> without(std::vector<chunk_id> a, std::vector<chunk_id> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::vector<chunk_id> rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest;
}

}  // namespace

std::string prepare(const std::vector<mutation>& mutations, std::uint64_t max_entry_bytes,
                    std::vector<prepared_mutation>& into) {
  into.reserve(mutations.size());
  for (const auto& m : mutations) {
    if (auto problem = path_problem(m.target.path); !problem.empty()) return problem;
    prepared_mutation prepared;
    prepared.what.path = m.target.path;
    if (m.what == mutation::kind::put) {
      prepared.what.value = encode_entry(m.target);
      const auto bytes = prepared.what.value->size() + m.target.path.size();
      if (bytes > max_entry_bytes) return "entry too large: " + std::to_string(bytes) + " bytes";
      for (const auto& c : m.target.chunks) prepared.chunks.push_back(c.id);
    }
    into.push_back(std::move(prepared));
  }
  return {};
}

const record* window_plan::newest(std::string_view path) const {
  const auto found = newest_.find(path);
  return found == newest_.end() ? nullptr : found->second;
}

outcome window_plan::check(const guard& condition) const {
  stored_value now;
  if (const auto* here = newest(condition.path)) {
    now = here->value ? stored_value{{}, *here->value} : stored_value{{status::absent, {}, 0}, {}};
  } else {
    now = stored_.find(condition.path);
  }
  if (now.what.code == status::absent) {
    return condition.expected ? outcome{status::conflict, "the guarded entry is absent", 0} : outcome{};
  }
  if (!now.is_ok()) return refused("cannot read the guarded entry: " + now.what.reason);
  const auto content = content_of(now.value);
  if (!content) return refused("the guarded entry is damaged");
  if (condition.expected && *content == *condition.expected) return {};
  return {status::conflict, "the guarded entry has another content", 0};
}

result<std::vector<chunk_id>> window_plan::chunks_before(const std::string& path) const {
  const auto* here = newest(path);
  if (here == nullptr) return stored_.chunks_named_by(path);
  if (!here->value) return {};
  auto ids = chunks_of(*here->value);
  if (!ids) return {{status::unknown, "damaged entry " + path, 0}, {}};
  return {{}, std::move(*ids)};
}

outcome window_plan::name_chunks(const prepared_mutation& m, std::vector<chunk_id>& claims,
                                 std::vector<chunk_id>& releases) const {
  if (never_names_chunks_ && never_names_chunks_(m.what.path))
    return m.chunks.empty() ? outcome{} : refused("no chunks may be named by " + m.what.path);
  auto before = chunks_before(m.what.path);
  if (!before.is_ok()) return refused("cannot read " + m.what.path + ": " + before.what.reason);
  auto& had = before.value;
  if (had.empty() && m.chunks.empty()) return {};
  for (auto& id : without(m.chunks, had)) {
    const bool taken = claimed_set_.contains(id) || std::find(claims.begin(), claims.end(), id) != claims.end();
    if (taken || !waits_for_a_name_(id)) return refused("no such chunk, or another entry names it: " + m.what.path);
    claims.push_back(std::move(id));
  }
  for (auto& id : without(std::move(had), m.chunks)) releases.push_back(std::move(id));
  return {};
}

void window_plan::push(record&& what, std::vector<undo>& changes) {
  const auto* added = &records.emplace_back(std::move(what));
  const auto [at, is_new] = newest_.try_emplace(added->path, added);
  changes.push_back({at->first, is_new ? nullptr : at->second});
  at->second = added;
}

void window_plan::take_back(std::vector<undo>& changes) {
  for (; !changes.empty(); changes.pop_back()) {
    const auto& last = changes.back();
    if (last.before == nullptr) {
      newest_.erase(last.path);
    } else {
      newest_.find(last.path)->second = last.before;
    }
    records.pop_back();
  }
}

outcome window_plan::add(const guard& condition, std::vector<prepared_mutation>&& mutations) {
  if (auto checked = check(condition); !checked.is_ok()) return checked;
  std::vector<undo> changes;
  changes.reserve(mutations.size());
  std::vector<chunk_id> claims;
  std::vector<chunk_id> releases;
  for (auto& m : mutations) {
    if (auto named = name_chunks(m, claims, releases); !named.is_ok()) {
      take_back(changes);
      return named;
    }
    push(std::move(m.what), changes);
  }
  claimed_set_.insert(claims.begin(), claims.end());
  claimed.insert(claimed.end(), claims.begin(), claims.end());
  released.insert(released.end(), releases.begin(), releases.end());
  return {};
}

std::string window_plan::replay(const record_view& what) {
  prepared_mutation m{{std::string{what.path}, {}}, {}};
  if (what.value) m.what.value = std::string{*what.value};
  if (m.what.value) {
    auto ids = chunks_of(*m.what.value);
    if (!ids) return "damaged entry " + m.what.path;
    m.chunks = std::move(*ids);
  }
  std::vector<chunk_id> claims;
  if (auto named = name_chunks(m, claims, released); !named.is_ok()) return named.reason;
  claimed.insert(claimed.end(), claims.begin(), claims.end());
  claimed_set_.insert(claims.begin(), claims.end());
  std::vector<undo> changes;
  push(std::move(m.what), changes);
  return {};
}

}  // namespace tidegate::smq::embedded
