#define CAF_SUITE coordinator
#include "actors/coordinator.hpp"

#include "caf/test/dsl.hpp"

using namespace tidegate;
using namespace std::chrono_literals;
using actors::group_write_answer;
using actors::loaded_group;
using enum error_code;

namespace {

/// Keeps what it was asked to store; every write waits until the test answers it when `holds_writes`.
struct scripted_store : actors::group_store {
  loaded_group entry{loaded_group::status::absent, {}};
  std::vector<msg::offset_commit_item> positions;
  bool holds_opens = false;
  bool holds_writes = false;
  int opens = 0;
  int closes = 0;
  int writes = 0;
  int fetches = 0;
  std::vector<std::function<void()>> held_opens;
  std::vector<std::pair<actors::group_write, std::function<void(group_write_answer)>>> held;

  std::uint64_t open(const std::string&, std::function<void(loaded_group)> done) override {
    ++opens;
    if (holds_opens) {
      held_opens.push_back([this, done] { done(entry); });
    } else {
      done(entry);
    }
    return static_cast<std::uint64_t>(opens);
  }

  void apply(const actors::group_write& what) {
    for (const auto& e : what.erases) {
      std::erase_if(positions, [&](const auto& p) { return p.where == e; });
    }
    for (const auto& topic : what.erased_topics) {
      std::erase_if(positions, [&](const auto& p) { return p.where.topic_id == topic.topic_id; });
    }
    if (what.entry) entry = {loaded_group::status::found, *what.entry};
    for (const auto& p : what.puts) positions.push_back(p);
  }

  void write(const std::string&, actors::group_write what, std::function<void(group_write_answer)> done) override {
    ++writes;
    if (holds_writes) {
      held.emplace_back(std::move(what), std::move(done));
      return;
    }
    apply(what);
    done({});
  }

  void answer(group_write_answer::status status) {
    auto [what, done] = std::move(held.front());
    held.erase(held.begin());
    if (status == group_write_answer::status::stored) apply(what);
    done({status, none});
  }

  void fetch(const std::string&, std::vector<msg::group_partition> partitions,
             std::function<void(std::vector<msg::offset_fetch_item>)> done) override {
    ++fetches;
    std::vector<msg::offset_fetch_item> out;
    for (const auto& where : partitions) {
      msg::offset_fetch_item row{where, none, {}};
      for (const auto& p : positions) {
        if (p.where == where) row.position = p.position;
      }
      out.push_back(row);
    }
    done(std::move(out));
  }

  void fetch_all(const std::string&, std::vector<group_topic>,
                 std::function<void(msg::offset_fetch_result)> done) override {
    msg::offset_fetch_result out{none, {}};
    for (const auto& p : positions) out.items.push_back({p.where, none, p.position});
    done(std::move(out));
  }

  [[nodiscard]] actors::topic_liveness liveness_of(const uuid&, const std::string&) const override {
    return actors::topic_liveness::live;
  }

  void close(const std::string&, std::uint64_t lease) override {
    ++closes;
    CAF_CHECK_EQUAL(lease, static_cast<std::uint64_t>(opens));
  }
};

struct fixture : test_coordinator_fixture<> {
  std::shared_ptr<scripted_store> store = std::make_shared<scripted_store>();
  actors::coordinator_actor group;
  int uuids = 0;
  actors::coordinator_options options;

  ~fixture() { stop(); }

  void stop() {
    if (!group) return;
    caf::anon_send_exit(group, caf::exit_reason::kill);
    group = nullptr;
    consume_messages();
  }

  void start() {
    group = sys.spawn(actors::coordinator,
                      actors::coordinator_context{"g", store, [this] { return std::to_string(++uuids); },
                                                  [] { return std::int64_t{1'700'000'000'000}; }, options});
    consume_messages();
  }

  template <class T>
  void tell(T m) {
    caf::anon_send(group, std::move(m));
    consume_messages();
  }

  void pass(std::chrono::milliseconds time) {
    for (auto t = 0ms; t < time; t += 100ms) {
      advance_time(100ms);
      consume_messages();
    }
  }

  template <class T>
  using answers = std::shared_ptr<std::vector<T>>;

  answers<msg::join_group_result> join(std::string member_id = "") {
    auto out = std::make_shared<std::vector<msg::join_group_result>>();
    msg::join_group m;
    m.group_id = "g";
    m.member_id = std::move(member_id);
    m.client_id = "c";
    m.session_timeout_ms = 10'000;
    m.rebalance_timeout_ms = 20'000;
    m.protocol_type = "consumer";
    m.protocols = {{"range", {}}};
    m.answer = msg::reply_or_unavailable<msg::join_group_result>([out](auto r) { out->push_back(std::move(r)); });
    tell(std::move(m));
    return out;
  }

  answers<msg::sync_group_result> sync(const std::string& id, std::int32_t generation) {
    auto out = std::make_shared<std::vector<msg::sync_group_result>>();
    msg::sync_group m;
    m.member_id = id;
    m.generation = generation;
    m.assignments.push_back({id, tidegate::byte_buffer(3)});
    m.answer = msg::reply_or_unavailable<msg::sync_group_result>([out](auto r) { out->push_back(std::move(r)); });
    tell(std::move(m));
    return out;
  }

  answers<error_code> heartbeat(const std::string& id, std::int32_t generation) {
    auto out = std::make_shared<std::vector<error_code>>();
    msg::heartbeat m;
    m.member_id = id;
    m.generation = generation;
    m.answer = msg::error_reply([out](auto e) { out->push_back(e); });
    tell(std::move(m));
    return out;
  }

  answers<std::vector<error_code>> commit(const std::string& id, std::int32_t generation, std::int64_t offset) {
    auto out = std::make_shared<std::vector<std::vector<error_code>>>();
    msg::offset_commit m;
    m.member_id = id;
    m.generation = generation;
    m.items = {{{"t", {}, 0}, {offset, 0, "", 0}}};
    m.answer = msg::item_errors_reply(1, [out](auto e) { out->push_back(std::move(e)); });
    tell(std::move(m));
    return out;
  }

  answers<msg::offset_fetch_result> fetch() {
    auto out = std::make_shared<std::vector<msg::offset_fetch_result>>();
    msg::offset_fetch m;
    m.items = {{"t", {}, 0}};
    m.answer = msg::reply_or_unavailable<msg::offset_fetch_result>([out](auto r) { out->push_back(std::move(r)); });
    tell(std::move(m));
    return out;
  }

  std::int64_t fetched_offset() {
    auto out = fetch();
    return out->at(0).items.at(0).position.offset;
  }

  /// One stable member.
  std::string bring_to_stable() {
    auto joined = join();
    pass(1s);
    CAF_REQUIRE_EQUAL(joined->size(), 1u);
    auto synced = sync(joined->at(0).member_id, joined->at(0).generation);
    CAF_REQUIRE_EQUAL(synced->size(), 1u);
    return joined->at(0).member_id;
  }
};

bool is_one(const fixture::answers<std::vector<error_code>>& a, error_code e) {
  return a->size() == 1 && a->at(0) == std::vector{e};
}

bool is_one(const fixture::answers<error_code>& a, error_code e) {
  return a->size() == 1 && a->at(0) == e;
}

}  // namespace

CAF_TEST_FIXTURE_SCOPE(coordinator_tests, fixture)

CAF_TEST(requests wait while the group loads) {
  store->holds_opens = true;
  start();
  auto committed = commit("", -1, 7);
  auto fetched = fetch();
  CAF_CHECK(committed->empty());
  CAF_CHECK(fetched->empty());
  store->held_opens.at(0)();
  consume_messages();
  CAF_CHECK(is_one(committed, none));
  CAF_REQUIRE_EQUAL(fetched->size(), 1u);
  CAF_CHECK_EQUAL(fetched->at(0).items.at(0).position.offset, 7);
}

CAF_TEST(too many requests while the group loads are refused) {
  options.max_parked = 1;
  store->holds_opens = true;
  start();
  auto first = commit("", -1, 7);
  auto second = commit("", -1, 8);
  CAF_CHECK(first->empty());
  CAF_CHECK(is_one(second, coordinator_not_available));
}

CAF_TEST(a group that cannot be loaded answers so and loads with the next request) {
  store->entry.what = loaded_group::status::failed;
  start();
  CAF_CHECK(is_one(commit("", -1, 7), coordinator_not_available));
  store->entry.what = loaded_group::status::absent;
  CAF_CHECK(is_one(commit("", -1, 7), none));
}

CAF_TEST(the round is stored before JoinGroup is answered and the assignment before SyncGroup) {
  store->holds_writes = true;
  start();
  auto joined = join();
  pass(1s);
  CAF_CHECK(joined->empty());
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_REQUIRE_EQUAL(joined->size(), 1u);
  CAF_CHECK(joined->at(0).error == none);
  CAF_CHECK_EQUAL(store->entry.entry.generation, 1);
  auto id = joined->at(0).member_id;
  auto synced = sync(id, 1);
  CAF_CHECK(synced->empty());
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  auto behind = commit(id, 1, 5);
  CAF_CHECK(behind->empty());
  store->holds_writes = false;
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK_EQUAL(synced->size(), 1u);
  CAF_CHECK(is_one(behind, none));
}

CAF_TEST(a member without heartbeats is expelled) {
  start();
  auto id = bring_to_stable();
  pass(9s);
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  pass(11s);
  CAF_CHECK(is_one(heartbeat(id, 1), unknown_member_id));
  CAF_CHECK(store->entry.entry.members.empty());
  CAF_CHECK_EQUAL(store->entry.entry.generation, 2);
}

CAF_TEST(positions are answered from memory only while the group has members) {
  start();
  auto id = bring_to_stable();
  CAF_CHECK(is_one(commit(id, 1, 42), none));
  CAF_CHECK_EQUAL(fetched_offset(), 42);
  CAF_CHECK_EQUAL(store->fetches, 0);
  pass(11s);
  CAF_CHECK_EQUAL(fetched_offset(), 42);
  CAF_CHECK_EQUAL(store->fetches, 1);
}

CAF_TEST(an unknown outcome fails those who wait and the group is loaded again) {
  start();
  auto id = bring_to_stable();
  store->holds_writes = true;
  auto first = commit(id, 1, 1);
  store->answer(group_write_answer::status::stored);
  consume_messages();
  auto lost = commit(id, 1, 2);
  auto behind = commit(id, 1, 3);
  CAF_CHECK(lost->empty());
  const int opens = store->opens;
  store->answer(group_write_answer::status::reload);
  consume_messages();
  CAF_CHECK(is_one(first, none));
  CAF_CHECK(is_one(lost, coordinator_not_available));
  CAF_CHECK_EQUAL(store->opens, opens + 1);
  store->answer(group_write_answer::status::reload);
  consume_messages();
  CAF_CHECK(is_one(behind, coordinator_not_available));
  CAF_CHECK_EQUAL(store->opens, opens + 1);
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  CAF_CHECK_EQUAL(fetched_offset(), 1);
}

CAF_TEST(a fenced coordinator answers not_coordinator and goes) {
  start();
  auto id = bring_to_stable();
  store->holds_writes = true;
  auto lost = commit(id, 1, 1);
  store->answer(group_write_answer::status::fenced);
  consume_messages();
  CAF_CHECK(is_one(lost, not_coordinator));
  CAF_CHECK_EQUAL(store->closes, 1);
  CAF_CHECK(is_one(heartbeat(id, 1), coordinator_not_available));
}

CAF_TEST(a killed coordinator leaves nobody waiting and its successor goes on) {
  start();
  auto id = bring_to_stable();
  auto waiting = join();
  CAF_CHECK(waiting->empty());
  stop();
  CAF_REQUIRE_EQUAL(waiting->size(), 1u);
  CAF_CHECK(waiting->at(0).error == coordinator_not_available);
  start();
  CAF_CHECK(is_one(heartbeat(id, 1), none));
  CAF_CHECK(is_one(commit(id, 1, 9), none));
}

CAF_TEST(a coordinator that is killed while it loads closes what it opened) {
  store->holds_opens = true;
  start();
  CAF_CHECK_EQUAL(store->opens, 1);
  stop();
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(an idle coordinator goes) {
  options.idle_after = 60s;
  start();
  commit("", -1, 1);
  pass(130s);
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(a group that is listed again and again goes when it is idle) {
  options.idle_after = 60s;
  start();
  commit("", -1, 1);
  auto rows = std::make_shared<std::vector<msg::list_group_result>>();
  for (int i = 0; i < 13; ++i) {
    pass(10s);
    tell(msg::list_group{"g", msg::reply_or_unavailable<msg::list_group_result>([rows](auto r) { rows->push_back(r); })});
  }
  CAF_CHECK_EQUAL(store->closes, 1);
  CAF_CHECK(rows->front().error == none);
  CAF_CHECK_EQUAL(rows->front().state, "Empty");
  CAF_CHECK_EQUAL(rows->size(), 13u);  // also those that nobody heard
}

CAF_TEST(a group is listed while a write is on its way) {
  store->holds_writes = true;
  start();
  auto committed = commit("", -1, 1);
  auto rows = std::make_shared<std::vector<msg::list_group_result>>();
  tell(msg::list_group{"g", msg::reply_or_unavailable<msg::list_group_result>([rows](auto r) { rows->push_back(r); })});
  CAF_REQUIRE_EQUAL(rows->size(), 1u);
  CAF_CHECK_EQUAL(rows->front().state, "Dead");  // nothing of it is stored yet
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK(is_one(committed, none));
}

CAF_TEST(a group that nobody stored goes soon) {
  start();
  CAF_CHECK(is_one(heartbeat("nobody", 1), unknown_member_id));
  pass(9s);
  CAF_CHECK_EQUAL(store->closes, 0);
  pass(12s);
  CAF_CHECK_EQUAL(store->closes, 1);
}

CAF_TEST(a deleted group loses its positions) {
  start();
  commit("", -1, 1);
  CAF_CHECK_EQUAL(store->positions.size(), 1u);
  auto out = std::make_shared<std::vector<error_code>>();
  msg::delete_group m;
  m.answer = msg::error_reply([out](auto e) { out->push_back(e); });
  tell(std::move(m));
  CAF_CHECK(is_one(out, none));
  CAF_CHECK(store->positions.empty());
  CAF_CHECK(store->entry.entry.deleted);
}

CAF_TEST(a write that is refused answers its error and the group goes on) {
  start();
  auto id = bring_to_stable();
  store->holds_writes = true;
  auto refused = commit(id, 1, 1);
  store->answer(group_write_answer::status::refused);
  consume_messages();
  CAF_CHECK(is_one(refused, coordinator_not_available));
  auto next = commit(id, 1, 2);
  store->answer(group_write_answer::status::stored);
  consume_messages();
  CAF_CHECK(is_one(next, none));
  CAF_CHECK_EQUAL(fetched_offset(), 2);
}

CAF_TEST_FIXTURE_SCOPE_END()
