#pragma once

#include "actors/group/group_registry_state.hpp"
#include "tests/actors/store_fixture.hpp"
#include "tests/core/subscription_bytes.hpp"

namespace tidegate::test {

/// The group registry over a node's store; to be stopped before the node.
struct groups_fixture {
  node_fixture node;
  actors::topic_ptr topic;
  actors::coordinator_context context;
  actors::group_registry_actor registry;

  groups_fixture() {
    topic = node.create("t", 2);
    start();
  }
  ~groups_fixture() { stop(); }

  void start() {
    std::atomic<int>* ids = &ids_;
    context.store = node.groups;
    context.new_uuid = [ids] { return std::to_string(++*ids); };
    context.wall_ms = actors::wall_ms;
    context.options.rules.initial_rebalance_delay_ms = 0;
    registry = actors::spawn_group_registry(*node.system, node.store, context);
    node.registries->groups.publish(registry);
  }

  void stop() {
    if (registry) caf::anon_send_exit(registry, caf::exit_reason::user_shutdown);
    node.registries->groups.clear();
    registry = nullptr;
    context = {};
  }

  void restart() {
    stop();
    node.restart();
    auto found = node.ask_topic([&](auto answer) {
      caf::anon_send(node.topics, msg::find_topic{"t", {}, false, answer});
    });
    CAF_REQUIRE(found.topic != nullptr);
    topic = found.topic;
    start();
  }

  [[nodiscard]] msg::group_partition where(std::int32_t partition) const {
    return {topic->name, topic->id, partition};
  }

  template <class Handle>
  static std::future<std::vector<error_code>> send_commit(const Handle& to, msg::offset_commit m) {
    auto promise = std::make_shared<std::promise<std::vector<error_code>>>();
    m.answer = msg::item_errors_reply(
      m.items.size(), [promise](msg::offset_commit_result r) { promise->set_value(std::move(r.items)); });
    caf::anon_send(to, std::move(m));
    return promise->get_future();
  }

  static msg::offset_commit_item item(const msg::group_partition& where, std::int64_t offset) {
    committed_offset position;
    position.offset = offset;
    position.metadata = "m";
    return {where, position};
  }

  template <class Handle>
  std::future<std::vector<error_code>> commit_to(const Handle& to, const std::string& group, std::int64_t offset,
                                                 std::int32_t partition = 0) {
    msg::offset_commit m;
    m.group_id = group;
    m.items = {item(where(partition), offset)};
    return send_commit(to, std::move(m));
  }

  error_code commit(const std::string& group, std::int64_t offset, std::int32_t partition = 0) {
    return value_of(commit_to(registry, group, offset, partition)).at(0);
  }

  msg::offset_fetch_result fetch(const std::string& group, std::optional<std::vector<msg::group_partition>> what) {
    return value_of(node.ask_later<msg::offset_fetch_result>({}, [&](auto answer) {
      caf::anon_send(registry, msg::offset_fetch{group, std::move(what), answer});
    }));
  }

  /// The position; -2: an error.
  std::int64_t position(const std::string& group, std::int32_t partition = 0) {
    auto result = fetch(group, std::vector{where(partition)});
    if (result.error != error_code::none || result.items.at(0).error != error_code::none) return -2;
    return result.items[0].position.offset;
  }

  /// Joins as the only member and takes the assignment; the generation is in `generation`.
  std::string join(const std::string& group, const std::string& topic_name = "t") {
    msg::join_group j;
    j.group_id = group;
    j.session_timeout_ms = 60'000;
    j.protocol_type = "consumer";
    j.protocols = {{"range", subscription({topic_name})}};
    auto joined = value_of(node.ask_later<msg::join_group_result>({}, [&](auto answer) {
      j.answer = std::move(answer);
      caf::anon_send(registry, std::move(j));
    }));
    CAF_REQUIRE(joined.error == error_code::none);
    generation = joined.generation;
    auto synced = value_of(node.ask_later<msg::sync_group_result>({}, [&](auto answer) {
      msg::sync_group s;
      s.group_id = group;
      s.member_id = joined.member_id;
      s.generation = joined.generation;
      s.assignments = {{joined.member_id, byte_buffer(3)}};
      s.answer = std::move(answer);
      caf::anon_send(registry, std::move(s));
    }));
    CAF_REQUIRE(synced.error == error_code::none);
    return joined.member_id;
  }

  std::int32_t generation = -1;

  error_code commit_as(const std::string& group, const std::string& member, std::int64_t offset) {
    msg::offset_commit m;
    m.group_id = group;
    m.member_id = member;
    m.generation = generation;
    m.items = {item(where(0), offset)};
    return value_of(send_commit(registry, std::move(m))).at(0);
  }

  /// As the handlers do before they ask about groups as a whole.
  void know_topics() {
    auto known = node.ask_later<error_code>(error_code::coordinator_not_available, [&](auto answer) {
      caf::anon_send(node.topics, msg::load_all_topics{answer});
    });
    CAF_CHECK(value_of(std::move(known)) == error_code::none);
  }

  std::vector<std::string> list() {
    know_topics();
    auto result = value_of(node.ask_later<msg::list_groups_result>({}, [&](auto answer) {
      caf::anon_send(registry, msg::list_groups{answer});
    }));
    CAF_CHECK(result.error == error_code::none);
    std::vector<std::string> names;
    for (const auto& row : result.groups) names.push_back(row.group_id + " " + row.state);
    return names;
  }

 private:
  std::atomic<int> ids_{0};
};

}  // namespace tidegate::test
