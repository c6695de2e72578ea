#pragma once

#include "actors/core/group/group.hpp"

#include <map>
#include <string>
#include <vector>

/// A group with one call per request, builders with defaults, and the answers by waiter.
struct group_fixture {
  using moment = tidegate::core::moment;
  using group_phase = tidegate::core::group_phase;

  explicit group_fixture(tidegate::group_metadata entry = {}, tidegate::core::group_options o = {})
    : options(o), group(std::move(entry), o, at()) {}

  tidegate::core::group_options options;
  std::int64_t now_ms = 1'000'000;
  bool stores_at_once = true;
  tidegate::core::group group;
  std::map<tidegate::core::waiter_key, std::vector<tidegate::core::group_reply>> answers;
  std::vector<tidegate::core::size_refusal> refusals;
  tidegate::core::waiter_key last = 0;
  int uuids = 0;
  int writes = 0;
  tidegate::group_metadata disk;

  [[nodiscard]] moment at() const { return {now_ms, 1'700'000'000'000 + now_ms}; }

  void take(tidegate::core::group_effects effects) {
    for (auto& r : effects.replies) answers[r.waiter].push_back(r.what);
    if (effects.refused_for_size) refusals.push_back(*effects.refused_for_size);
    if (!effects.persist) return;
    ++writes;
    if (!stores_at_once) {
      disk_next = *effects.persist;
      return;
    }
    disk = *effects.persist;
    take(group.on_persisted(tidegate::error_code::none, at()));
  }

  tidegate::group_metadata disk_next;

  void stored() {
    disk = disk_next;
    take(group.on_persisted(tidegate::error_code::none, at()));
  }

  void store_failed(tidegate::error_code error) { take(group.on_persisted(error, at())); }

  /// Lets every deadline up to then happen.
  void advance(std::int64_t ms) {
    const auto end = now_ms + ms;
    for (int i = 0; i < 10'000; ++i) {
      const auto next = group.next_deadline_ms();
      if (!next || *next > end) break;
      now_ms = std::max(now_ms, *next);
      take(group.on_tick(at()));
    }
    now_ms = end;
  }

  static tidegate::byte_buffer bytes(std::string_view text) {
    auto view = tidegate::as_byte_view(text);
    return {view.begin(), view.end()};
  }

  static tidegate::msg::join_group join_request(std::string member_id = "") {
    tidegate::msg::join_group r;
    r.group_id = "g";
    r.member_id = std::move(member_id);
    r.client_id = "c";
    r.client_host = "/127.0.0.1";
    r.session_timeout_ms = 10'000;
    r.rebalance_timeout_ms = 60'000;
    r.protocol_type = "consumer";
    r.protocols = {{"range", bytes("m")}};
    return r;
  }

  tidegate::core::waiter_key join(const tidegate::msg::join_group& r) {
    const auto w = ++last;
    take(group.on_join(r, w, std::to_string(++uuids), at()));
    return w;
  }

  /// KIP-394 ids that nobody has come back with yet, one a millisecond.
  std::vector<std::string> hand_out_ids(int count, const std::string& client_id) {
    auto r = join_request();
    r.member_id_required = true;
    r.client_id = client_id;
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      const auto answer = joined(join(r));
      if (answer.error == tidegate::error_code::member_id_required) ids.push_back(answer.member_id);
      advance(1);
    }
    return ids;
  }

  tidegate::core::waiter_key join_static(const std::string& instance, const std::string& member_id = "",
                                         bool skips = false) {
    auto r = join_request(member_id);
    r.instance_id = instance;
    r.supports_skip_assignment = skips;
    return join(r);
  }

  tidegate::core::waiter_key sync(const std::string& member_id, std::int32_t generation,
                                  std::vector<std::pair<std::string, std::string>> assignments = {},
                                  std::optional<std::string> instance = {}) {
    tidegate::msg::sync_group r;
    r.group_id = "g";
    r.member_id = member_id;
    r.generation = generation;
    r.instance_id = std::move(instance);
    for (auto& [id, text] : assignments) r.assignments.push_back({id, bytes(text)});
    const auto w = ++last;
    take(group.on_sync(r, w, at()));
    return w;
  }

  tidegate::error_code heartbeat(const std::string& member_id, std::int32_t generation,
                                 std::optional<std::string> instance = {}) {
    tidegate::msg::heartbeat r;
    r.member_id = member_id;
    r.generation = generation;
    r.instance_id = std::move(instance);
    return group.on_heartbeat(r, at());
  }

  tidegate::core::waiter_key leave(std::vector<tidegate::msg::leaving_member> who) {
    tidegate::msg::leave_group r;
    r.members = std::move(who);
    const auto w = ++last;
    take(group.on_leave(r, w, at()));
    return w;
  }

  tidegate::error_code commit(const std::string& member_id, std::int32_t generation,
                              std::optional<std::string> instance = {}) {
    tidegate::msg::offset_commit r;
    r.member_id = member_id;
    r.generation = generation;
    r.instance_id = std::move(instance);
    r.items = {{{"t", {}, 0}, {5, 1, "", 0}}};
    auto plan = group.plan_commit(r, at());
    if (plan.persist) {
      disk = *plan.persist;
      take(group.on_persisted(tidegate::error_code::none, at()));
    }
    group.commit_answered(member_id, at());
    return plan.items.at(0);
  }

  [[nodiscard]] bool is_answered(tidegate::core::waiter_key w) const { return answers.contains(w); }

  template <class T>
  [[nodiscard]] T answer(tidegate::core::waiter_key w) const {
    return std::get<T>(answers.at(w).at(0));
  }

  [[nodiscard]] tidegate::msg::join_group_result joined(tidegate::core::waiter_key w) const {
    return answer<tidegate::msg::join_group_result>(w);
  }

  [[nodiscard]] tidegate::msg::sync_group_result synced(tidegate::core::waiter_key w) const {
    return answer<tidegate::msg::sync_group_result>(w);
  }

  /// Brings the group to the phase with members; returns their ids, the leader first.
  std::vector<std::string> bring_to(group_phase phase, int members = 2, bool are_static = false) {
    std::vector<tidegate::core::waiter_key> waiters;
    if (phase == group_phase::empty) return {};
    for (int i = 0; i < members; ++i) {
      waiters.push_back(are_static ? join_static("i" + std::to_string(i)) : join(join_request()));
    }
    for (int i = 0; i < 100 && !is_answered(waiters[0]); ++i) advance(500);
    std::vector<std::string> ids{joined(waiters[0]).leader};
    for (auto w : waiters) {
      if (joined(w).member_id != ids[0]) ids.push_back(joined(w).member_id);
    }
    if (phase == group_phase::completing_rebalance) return ids;
    std::vector<std::pair<std::string, std::string>> assignments;
    for (const auto& id : ids) assignments.emplace_back(id, "a:" + id);
    const auto generation = group.stored().generation;
    for (const auto& id : ids) sync(id, generation, id == ids[0] ? assignments : decltype(assignments){});
    if (phase == group_phase::preparing_rebalance) {
      auto r = join_request(ids[0]);
      if (are_static) r.instance_id = "i0";
      join(r);
    }
    if (phase == group_phase::dead) take(group.retire(tidegate::error_code::not_coordinator));
    return ids;
  }
};
