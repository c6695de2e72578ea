#pragma once

#include "actors/group/coordinator.hpp"

#include "caf/test/dsl.hpp"

namespace tidegate::test {

/// Keeps what it was asked to store; every write waits until the test answers it when `holds_writes`.
struct scripted_store : actors::group_store {
  using loaded_group = actors::loaded_group;
  using group_write_answer = actors::group_write_answer;

  loaded_group entry{loaded_group::status::absent, {}};
  std::vector<msg::offset_commit_item> positions;
  bool holds_opens = false;
  bool holds_writes = false;
  bool holds_lookups = false;
  actors::found_positions lookup;  // what else is said of positions
  int opens = 0;
  int closes = 0;
  int writes = 0;
  int fetches = 0;
  std::vector<std::function<void()>> held_opens;
  std::vector<std::function<void()>> held_lookups;
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
    done({status, error_code::none});
  }

  void fetch(const std::string&, std::vector<msg::group_partition> partitions,
             std::function<void(std::vector<msg::offset_fetch_item>)> done) override {
    ++fetches;
    std::vector<msg::offset_fetch_item> out;
    for (const auto& where : partitions) {
      msg::offset_fetch_item row{where, error_code::none, {}};
      for (const auto& p : positions) {
        if (p.where == where) row.position = p.position;
      }
      out.push_back(row);
    }
    done(std::move(out));
  }

  void fetch_all(const std::string&, std::vector<group_topic>,
                 std::function<void(msg::offset_fetch_result)> done) override {
    msg::offset_fetch_result out{error_code::none, {}};
    for (const auto& p : positions) out.items.push_back({p.where, error_code::none, p.position});
    done(std::move(out));
  }

  void find_positions(const std::string&, std::function<void(actors::found_positions)> done) override {
    actors::found_positions found = lookup;
    for (const auto& p : positions) found.where.push_back(p.where);
    if (!holds_lookups) return done(std::move(found));
    held_lookups.push_back([found = std::move(found), done = std::move(done)] { done(found); });
  }

  [[nodiscard]] actors::topic_liveness liveness_of(const uuid&, const std::string&) const override {
    return actors::topic_liveness::live;
  }

  void close(const std::string&, std::uint64_t lease) override {
    ++closes;
    CAF_CHECK_EQUAL(lease, static_cast<std::uint64_t>(opens));
  }
};

struct coordinator_fixture : test_coordinator_fixture<> {
  std::shared_ptr<scripted_store> store = std::make_shared<scripted_store>();
  actors::coordinator_actor group;
  int uuids = 0;
  std::int64_t wall_ms = 1'700'000'000'000;
  actors::coordinator_options options;
  std::function<core::group_options()> current_rules;
  std::shared_ptr<actors::group_budget> node_bytes;

  ~coordinator_fixture() { stop(); }

  void stop() {
    if (!group) return;
    caf::anon_send_exit(group, caf::exit_reason::kill);
    group = nullptr;
    consume_messages();
  }

  void start() {
    actors::coordinator_context context{"g", store, [this] { return std::to_string(++uuids); },
                                        [this] { return wall_ms; }, options};
    context.current_rules = current_rules;
    context.node_bytes = node_bytes;
    group = actors::spawn_coordinator(sys, std::move(context));
    consume_messages();
  }

  template <class T>
  void tell(T m) {
    caf::anon_send(group, std::move(m));
    consume_messages();
  }

  void pass(std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds step{100};
    for (auto t = step; t <= time; t += step) {
      advance_time(step);
      wall_ms += step.count();
      consume_messages();
    }
  }

  template <class T>
  using answers = std::shared_ptr<std::vector<T>>;

  answers<msg::join_group_result> join(std::string member_id = "", std::size_t bytes = 0) {
    auto out = std::make_shared<std::vector<msg::join_group_result>>();
    msg::join_group m;
    m.group_id = "g";
    m.member_id = std::move(member_id);
    m.client_id = "c";
    m.session_timeout_ms = 10'000;
    m.rebalance_timeout_ms = 20'000;
    m.protocol_type = "consumer";
    m.protocols = {{"range", tidegate::byte_buffer(bytes)}};
    m.answer = msg::reply_or_unavailable<msg::join_group_result>([out](auto r) { out->push_back(std::move(r)); });
    tell(std::move(m));
    return out;
  }

  /// With a session of half an hour, in which it is to sync soon.
  answers<msg::join_group_result> join_for_long(const std::string& member_id) {
    auto out = std::make_shared<std::vector<msg::join_group_result>>();
    msg::join_group m;
    m.group_id = "g";
    m.member_id = member_id;
    m.session_timeout_ms = 1'800'000;
    m.rebalance_timeout_ms = 300;
    m.protocol_type = "consumer";
    m.protocols = {{"range", {}}};
    m.answer = msg::reply_or_unavailable<msg::join_group_result>([out](auto r) { out->push_back(std::move(r)); });
    tell(std::move(m));
    return out;
  }

  answers<msg::sync_group_result> sync(const std::string& id, std::int32_t generation, std::size_t bytes = 3) {
    auto out = std::make_shared<std::vector<msg::sync_group_result>>();
    msg::sync_group m;
    m.member_id = id;
    m.generation = generation;
    m.assignments.push_back({id, tidegate::byte_buffer(bytes)});
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
    m.answer = msg::item_errors_reply(1, [out](auto r) { out->push_back(std::move(r.items)); });
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

  answers<error_code> remove() {
    auto out = std::make_shared<std::vector<error_code>>();
    msg::delete_group m;
    m.answer = msg::error_reply([out](auto e) { out->push_back(e); });
    tell(std::move(m));
    return out;
  }

  void answer_lookup() {
    store->held_lookups.at(0)();
    consume_messages();
  }

  std::int64_t fetched_offset() {
    auto out = fetch();
    return out->at(0).items.at(0).position.offset;
  }

  /// One stable member.
  std::string bring_to_stable() {
    auto joined = join();
    pass(std::chrono::seconds{1});
    CAF_REQUIRE_EQUAL(joined->size(), 1u);
    auto synced = sync(joined->at(0).member_id, joined->at(0).generation);
    CAF_REQUIRE_EQUAL(synced->size(), 1u);
    return joined->at(0).member_id;
  }
};

}  // namespace tidegate::test
