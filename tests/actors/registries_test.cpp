#define CAF_SUITE registries
#include "actors/runtime/release.hpp"
#include "tests/actors/group/groups_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

/// The registries of a node under their supervisor.
struct supervised_fixture {
  node_fixture node;
  std::shared_ptr<actors::registry_directory> directory = std::make_shared<actors::registry_directory>();
  actors::supervisor_actor supervisor;
  actors::topic_ptr topic;
  std::atomic<int> escalated{0};

  explicit supervised_fixture(core::restart_policy::limits restarts = {100, 60s, 1ms, 20ms}) {
    actors::registry_settings settings;
    settings.restarts = restarts;
    settings.groups.new_uuid = [this] { return std::to_string(++ids_); };
    settings.groups.wall_ms = actors::wall_ms;
    settings.groups.options.rules.initial_rebalance_delay_ms = 0;
    supervisor = actors::start_registries(*node.system, node.store, directory, settings,
                                          [this](const std::string&) { ++escalated; });
    topic = node.ask_topic([&](auto answer) {
                  directory->topics.send(msg::create_topic{"t", 2, {}, answer});
                }).topic;
    CAF_REQUIRE(topic != nullptr);
  }

  ~supervised_fixture() { stop(); }

  void stop() {
    if (!supervisor) return;
    actors::stop_children(supervisor);
    supervisor = nullptr;
    directory = nullptr;
  }

  std::future<std::vector<error_code>> commit(std::int64_t offset) {
    msg::offset_commit m;
    m.group_id = "g";
    m.items = {groups_fixture::item({"t", topic->id, 0}, offset)};
    return groups_fixture::send_commit(directory->groups.current(), std::move(m));
  }

  std::future<msg::append_result> append(int value) {
    return node_fixture::append_to(directory->partitions.current(), topic, batch_of(value));
  }

  std::future<msg::topic_result> find() {
    return node.ask_later<msg::topic_result>({}, [&](auto answer) {
      directory->topics.send(msg::find_topic{"t", {}, false, answer});
    });
  }

  std::int64_t position() {
    auto found = value_of(node.ask_later<msg::offset_fetch_result>({}, [&](auto answer) {
      directory->groups.send(msg::offset_fetch{"g", std::vector<msg::group_partition>{{"t", topic->id, 0}}, answer});
    }));
    return found.error == none && found.items.at(0).error == none ? found.items[0].position.offset : -2;
  }

 private:
  std::atomic<int> ids_{0};
};

template <class Handle>
void kill(const actors::published<Handle>& registry) {
  caf::anon_send_exit(registry.current(), caf::exit_reason::kill);
}

}  // namespace

CAF_TEST(registries that are killed under load answer everything and serve again) {
  supervised_fixture f;
  std::int64_t acknowledged = -1;
  std::int64_t offset = 0;
  int refused = 0;
  for (int round = 0; round < 15; ++round) {
    std::vector<std::pair<std::int64_t, std::future<std::vector<error_code>>>> commits;
    std::vector<std::future<msg::append_result>> appends;
    std::vector<std::future<msg::topic_result>> finds;
    for (int i = 0; i < 40; ++i) {
      if (i == 20 && round % 3 == 0) kill(f.directory->groups);
      if (i == 20 && round % 3 == 1) kill(f.directory->partitions);
      if (i == 20 && round % 3 == 2) kill(f.directory->topics);
      commits.emplace_back(offset, f.commit(offset));
      ++offset;
      appends.push_back(f.append(i));
      finds.push_back(f.find());
    }
    for (auto& [committed, answer] : commits) {
      const auto error = value_of(std::move(answer)).at(0);
      CAF_CHECK(error == none || error == coordinator_not_available);
      if (error == none) acknowledged = committed;
      refused += error != none;
    }
    for (auto& a : appends) value_of(std::move(a));
    for (auto& a : finds) value_of(std::move(a));
    CAF_CHECK(soon_true([&] { return value_of(f.commit(offset)).at(0) == none; }));
    acknowledged = offset++;
    CAF_CHECK(soon_true([&] { return value_of(f.append(0)).error == none; }));
    CAF_CHECK(soon_true([&] { return value_of(f.find()).error == none; }));
    CAF_CHECK_EQUAL(f.position(), acknowledged);
  }
  CAF_CHECK(refused > 0);
  CAF_CHECK_EQUAL(f.escalated, 0);
}

CAF_TEST(a registry that crashes again and again escalates) {
  supervised_fixture f({3, 60s, 1ms, 20ms});
  for (int i = 0; i < 4; ++i) {
    const auto old = f.directory->groups.current();
    kill(f.directory->groups);
    CAF_CHECK(soon_true([&] { return f.escalated > 0 || f.directory->groups.current() != old; }));
  }
  CAF_CHECK_EQUAL(f.escalated, 1);
}

CAF_TEST(a topic is not removed while a commit is on its way although the group registry died) {
  supervised_fixture f;
  CAF_CHECK(value_of(f.commit(1)).at(0) == none);
  f.node.ports->script({fault::held});
  auto late = f.commit(2);
  CAF_REQUIRE(soon_true([&] { return f.node.ports->held_count() == 1; }));
  const auto old = f.directory->groups.current();
  kill(f.directory->groups);
  auto removed = f.node.ask_later<msg::topic_result>({}, [&](auto answer) {
    f.directory->topics.send(msg::delete_topic{"t", {}, answer});
  });
  CAF_CHECK(removed.wait_for(200ms) == std::future_status::timeout);
  f.node.ports->release();
  CAF_CHECK(value_of(std::move(removed)).error == none);
  value_of(std::move(late));
  auto page = std::make_shared<std::promise<smq::result<smq::list_page>>>();
  f.node.engine->ports().entries.list(f.topic->directory_of(0) + "/consumers", "", 10, false, smq::testing::soon(),
                                      [page](auto found) { page->set_value(std::move(found)); });
  CAF_CHECK(value_of(page->get_future()).value.entries.empty());
}

CAF_TEST(the command that releases says what it did and why it did not) {
  supervised_fixture f;
  const auto ask = [&](std::string_view query) {
    const auto answer = actors::answer_release(*f.directory, f.node.store->topics, query);
    return std::to_string(answer.status) + " " + answer.body;
  };
  CAF_CHECK_EQUAL(ask("group=never%20seen"), "200 {\"released\":0}\n");
  CAF_CHECK_EQUAL(ask("topic=t"), "200 {\"released\":0}\n");
  CAF_CHECK_EQUAL(ask("topic=t&partition=1"), "200 {\"released\":0}\n");
  CAF_CHECK_EQUAL(ask("topic=nothing"), "404 no such topic\n");
  for (const auto* wrong : {"", "group", "topic=t&partition=", "topic=t&partition=-1", "topic=t&partition=1x",
                            "group=g&topic=t", "group=g&partition=1", "partition=1", "topic=t&more=1", "group=%zz"})
    CAF_CHECK(ask(wrong).starts_with("400 "));
  f.directory->groups.clear();
  CAF_CHECK(ask("group=g").starts_with("503 "));
}

CAF_TEST(a stop waits for the children of registries) {
  supervised_fixture f;
  CAF_CHECK(value_of(f.commit(1)).at(0) == none);
  CAF_CHECK(value_of(f.append(1)).error == none);
  const auto before = f.node.system->registry().running();
  CAF_CHECK_EQUAL(before, 9u);  // the node's two, the supervisor, three registries, the sweeper, two children
  f.stop();
  CAF_CHECK(soon_true([&] { return f.node.system->registry().running() == 2; }));
}
