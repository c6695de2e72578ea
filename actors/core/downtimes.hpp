#pragma once

#include "actors/core/restart_policy.hpp"

#include <cstddef>
#include <map>

namespace tidegate::core {

/// Which children crashed lately and must stay down for a while, one policy each. What no longer counts is forgotten
/// with the next crash of anybody: names that clients make up do not stay. Time comes in as an argument.
template <class Key>
class downtimes {
 public:
  using time_point = restart_policy::time_point;

  /// Records a crash; true: the child crashed too often and stays down longer (quarantine).
  bool crashed(const Key& key, time_point now) {
    std::erase_if(rows_, [&](const auto& each) { return each.second.policy.is_clean(now); });
    auto& known = rows_[key];
    known.not_before = known.policy.crashed(now);
    return known.policy.is_quarantined(now);
  }

  [[nodiscard]] bool may_start(const Key& key, time_point now) const {
    const auto found = rows_.find(key);
    return found == rows_.end() || now >= found->second.not_before;
  }

  /// Forgets the crashes of those in quarantine that match; how many. What waits for its backoff only goes on waiting.
  template <class Predicate>
  std::size_t release_if(Predicate matches, time_point now) {
    return std::erase_if(
      rows_, [&](const auto& each) { return each.second.policy.is_quarantined(now) && matches(each.first); });
  }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  struct row {
    restart_policy policy;
    time_point not_before;
  };

  std::map<Key, row> rows_;
};

}  // namespace tidegate::core
