#define CAF_SUITE group_model
#include "actors/core/group/entry_size.hpp"
#include "tests/core/group_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <memory>
#include <set>

using namespace tidegate;
using core::group_phase;

namespace {

/// Clients that do anything in any order, over a store that is slow, refuses, or outlives its coordinator.
struct model {
  std::unique_ptr<group_fixture> f = std::make_unique<group_fixture>(group_metadata{}, limits());
  std::vector<std::pair<std::string, std::optional<std::string>>> ids{{"nobody", {}}};
  std::map<core::waiter_key, std::string> sync_waiters;
  std::set<core::waiter_key> seen;
  std::map<std::int32_t, std::string> attempt_of_generation;
  std::map<std::string, std::string> owner_of;  // blob -> member, or instance of a static one
  std::int32_t highest = 0;
  int attempts = 0;
  core::waiter_key last_before_crash = 0;

  model() { f->stores_at_once = false; }

  static core::group_options limits() {
    core::group_options o;
    o.max_size = 4;
    o.max_metadata_bytes = 215;  // sometimes less than four
    return o;
  }

  void step(int op, int argument) {
    auto rules = limits();
    if (argument % 9 == 0) rules.node_room = {0, 0};  // the node is full
    f->group.follow(rules);
    const auto index = static_cast<std::size_t>(argument);
    const auto& [id, instance] = ids[index % ids.size()];
    const std::int32_t generation = f->group.stored().generation - (argument % 7 == 0 ? 1 : 0);
    if (op == 0) f->heartbeat(id, generation, instance);
    if (op == 1) finish_write(argument);
    if (op == 2) crash();
    if (f->group.is_busy()) return;
    if (op == 3 || op == 4) join_new(argument);
    if (op == 5 || op == 6) {
      auto r = group_fixture::join_request(id);
      r.instance_id = instance;
      if (argument % 5 == 0) r.protocols[0].metadata = group_fixture::bytes(std::to_string(argument));
      f->join(r);
    }
    if (op == 7 || op == 8) sync(id, generation, instance);
    if (op == 9 && argument % 3 == 0) f->leave({{id, instance}});
    if (op == 10) f->take(f->group.on_tick(f->at()));
    if (op == 11) commit(id, generation, instance);
    if (op == 12 && argument % 4 == 0) f->take(f->group.on_delete(++f->last, f->at()));
    if (op == 13) pass_time(argument);
    if (op == 14) sync(f->group.stored().leader, f->group.stored().generation, {});
  }

  void join_new(int argument) {
    auto r = group_fixture::join_request();
    r.member_id_required = argument % 2 == 0;
    if (argument % 3 == 0) r.instance_id = "i" + std::to_string(argument % 2);
    f->join(r);
  }

  void sync(const std::string& id, std::int32_t generation, const std::optional<std::string>& instance) {
    std::vector<std::pair<std::string, std::string>> rows;
    const auto attempt = std::to_string(++attempts);
    for (const auto& [m, data] : f->group.stored().members) rows.emplace_back(m, attempt + "/" + m);
    sync_waiters[f->last + 1] = id;
    f->sync(id, generation, rows, instance);
  }

  void commit(const std::string& id, std::int32_t generation, const std::optional<std::string>& instance) {
    msg::offset_commit r;
    r.member_id = id;
    r.generation = generation;
    r.instance_id = instance;
    r.items = {{{"t", {}, generation}, {}}};
    auto plan = f->group.plan_commit(r, f->at());
    if (plan.persist) f->disk_next = *plan.persist;
    f->group.commit_answered(id, f->at());
  }

  void finish_write(int argument) {
    if (!f->group.is_busy()) return;
    if (argument % 4 == 0) {
      f->store_failed(error_code::coordinator_not_available);
    } else {
      f->stored();
    }
  }

  void pass_time(int argument) {
    const auto end = f->now_ms + argument % 30'000;
    while (!f->group.is_busy()) {
      const auto next = f->group.next_deadline_ms();
      if (!next || *next > end) break;
      const auto before = f->now_ms;
      f->now_ms = std::max(f->now_ms, *next);
      f->take(f->group.on_tick(f->at()));
      const auto again = f->group.next_deadline_ms();
      RC_ASSERT(!again || *again > before || f->now_ms > before);
    }
    f->now_ms = end;
  }

  /// The process dies; a write that was on its way may or may not have arrived.
  void crash() {
    collect();
    auto next = std::make_unique<group_fixture>(attempts % 2 == 0 && f->group.is_busy() ? f->disk_next : f->disk,
                                                limits());
    next->now_ms = f->now_ms;
    next->disk = next->group.stored();
    next->stores_at_once = false;
    next->last = f->last;
    next->uuids = f->uuids;
    f = std::move(next);
    last_before_crash = f->last;
    f->group = core::group(f->disk, limits(), f->at());
  }

  void collect() {
    for (const auto& [waiter, replies] : f->answers) {
      RC_ASSERT(replies.size() == 1u);
      if (!seen.insert(waiter).second) continue;
      if (const auto* joined = std::get_if<msg::join_group_result>(&replies[0])) {
        if (!joined->member_id.empty()) remember(joined->member_id);
      }
      if (const auto* synced = std::get_if<msg::sync_group_result>(&replies[0])) check_assignment(waiter, *synced);
    }
  }

  void remember(const std::string& id) {
    std::optional<std::string> instance;
    if (id.starts_with("i")) instance = id.substr(0, 2);
    if (ids.size() > 12) ids.erase(ids.begin() + 1);
    ids.emplace_back(id, instance);
  }

  void check_assignment(core::waiter_key waiter, const msg::sync_group_result& synced) {
    if (synced.error != error_code::none || synced.assignment.empty()) return;
    const std::string blob(as_text(synced.assignment));
    const auto& id = sync_waiters.at(waiter);
    const auto owner = id.starts_with("i") ? id.substr(0, 2) : id;
    RC_ASSERT(owner_of.emplace(blob, owner).first->second == owner);
    const auto attempt = blob.substr(0, blob.find('/'));
    RC_ASSERT(attempt_of_generation.emplace(f->group.stored().generation, attempt).first->second == attempt);
  }

  void check() {
    collect();
    const auto& stored = f->group.stored();
    RC_ASSERT(stored == f->disk);
    RC_ASSERT(stored.generation >= highest);
    highest = stored.generation;
    RC_ASSERT(stored.members.empty() == stored.leader.empty());
    RC_ASSERT(stored.members.empty() || stored.members.contains(stored.leader));
    RC_ASSERT(stored.members.size() <= limits().max_size);
    std::size_t said = 0;
    for (const auto& [id, m] : stored.members) said += core::stored_bytes(id, m);
    RC_ASSERT(said <= limits().max_metadata_bytes);
    const auto phase = f->group.phase();
    if (phase == group_phase::stable || phase == group_phase::completing_rebalance) {
      RC_ASSERT(f->group.describe().members.size() == stored.members.size());
      RC_ASSERT(f->group.said_bytes() == said);  // kept, here added up
      RC_ASSERT(f->group.held_bytes() == core::stored_bytes(stored));
    }
    if (!f->group.has_members()) RC_ASSERT(f->group.said_bytes() == 0u);
    if (f->group.has_members() && !f->group.is_busy()) RC_ASSERT(f->group.next_deadline_ms().has_value());
  }
};

}  // namespace

CAF_TEST(whatever clients and the store do the group keeps its promises) {
  std::size_t assigned_generations = 0;  // the model is worth nothing when no group ever gets so far
  CAF_CHECK(rc::check("group model", [&] {
    const auto steps = *rc::gen::scale(
      8.0, rc::gen::container<std::vector<std::pair<int, int>>>(
             rc::gen::pair(rc::gen::inRange(0, 15), rc::gen::inRange(0, 100'000))));
    model m;
    for (auto [op, argument] : steps) {
      // Crashes are rarer than the rest, otherwise no group gets anywhere.
      m.step(op == 2 && argument % 8 != 0 ? 1 : op, argument);
      m.check();
    }
    m.f->take(m.f->group.retire(error_code::not_coordinator));
    m.collect();
    RC_ASSERT(m.f->group.waiting() == 0u);
    RC_ASSERT(m.f->group.said_bytes() == 0u);
    for (auto waiter = m.last_before_crash + 1; waiter <= m.f->last; ++waiter) {
      RC_ASSERT(m.f->answers.contains(waiter));
    }
    assigned_generations += m.attempt_of_generation.size();
  }));
  CAF_MESSAGE("generations with an assignment: " << assigned_generations);
  CAF_CHECK(assigned_generations > 10u);
}
