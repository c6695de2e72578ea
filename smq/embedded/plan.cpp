#include "smq/embedded/plan.hpp"

#include "smq/embedded/entry_codec.hpp"

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

stored_value window_plan::look(const overlay& newest, const std::string& path) const {
  for (const auto* layer : {&newest, &overlay_}) {
    const auto found = layer->find(path);
    if (found == layer->end()) continue;
    if (!found->second) return {{status::absent, {}, 0}, {}};
    return {{}, *found->second};
  }
  return stored_.find(path);
}

outcome window_plan::check(const guard& condition) const {
  const auto now = look(overlay_, condition.path);
  if (now.what.code == status::absent) {
    return condition.expected ? outcome{status::conflict, "the guarded entry is absent", 0} : outcome{};
  }
  if (!now.is_ok()) return refused("cannot read the guarded entry: " + now.what.reason);
  const auto content = content_of(now.value);
  if (!content) return refused("the guarded entry is damaged");
  if (condition.expected && *content == *condition.expected) return {};
  return {status::conflict, "the guarded entry has another content", 0};
}

outcome window_plan::name_chunks(const overlay& staged, const prepared_mutation& m, std::vector<chunk_id>& claims,
                                 std::vector<chunk_id>& releases) const {
  const auto before = look(staged, m.what.path);
  std::vector<chunk_id> had;
  if (before.is_ok()) {
    auto ids = chunks_of(before.value);
    if (!ids) return refused("damaged entry " + m.what.path);
    had = std::move(*ids);
  } else if (before.what.code != status::absent) {
    return refused("cannot read " + m.what.path + ": " + before.what.reason);
  }
  if (had.empty() && m.chunks.empty()) return {};
  for (auto& id : without(m.chunks, had)) {
    const bool taken = claimed_set_.contains(id) || std::find(claims.begin(), claims.end(), id) != claims.end();
    if (taken || !waits_for_a_name_(id)) return refused("no such chunk, or another entry names it: " + m.what.path);
    claims.push_back(std::move(id));
  }
  for (auto& id : without(std::move(had), m.chunks)) releases.push_back(std::move(id));
  return {};
}

outcome window_plan::add(const guard& condition, std::vector<prepared_mutation>&& mutations) {
  if (auto checked = check(condition); !checked.is_ok()) return checked;
  overlay staged;
  std::vector<chunk_id> claims;
  std::vector<chunk_id> releases;
  for (const auto& m : mutations) {
    if (auto named = name_chunks(staged, m, claims, releases); !named.is_ok()) return named;
    staged.insert_or_assign(m.what.path, m.what.value);
  }
  for (auto& [path, value] : staged) overlay_.insert_or_assign(path, std::move(value));
  for (auto& m : mutations) records.push_back(std::move(m.what));
  claimed_set_.insert(claims.begin(), claims.end());
  claimed.insert(claimed.end(), claims.begin(), claims.end());
  released.insert(released.end(), releases.begin(), releases.end());
  return {};
}

std::string window_plan::replay(record&& what) {
  prepared_mutation m{std::move(what), {}};
  if (m.what.value) {
    auto ids = chunks_of(*m.what.value);
    if (!ids) return "damaged entry " + m.what.path;
    m.chunks = std::move(*ids);
  }
  std::vector<chunk_id> claims;
  if (auto named = name_chunks(overlay_, m, claims, released); !named.is_ok()) return named.reason;
  claimed.insert(claimed.end(), claims.begin(), claims.end());
  claimed_set_.insert(claims.begin(), claims.end());
  overlay_.insert_or_assign(m.what.path, m.what.value);
  records.push_back(std::move(m.what));
  return {};
}

}  // namespace tidegate::smq::embedded
