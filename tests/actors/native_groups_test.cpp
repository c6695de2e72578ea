#define CAF_SUITE native_groups
#include "actors/smq_group_store.hpp"
#include "smq/names.hpp"
#include "tests/actors/groups_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <pthread.h>

#include <atomic>

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

using lines = std::vector<std::string>;

struct native_groups_fixture : groups_fixture {
  /// As a native subscriber of `kafka-cg-<group>` stores it when it closes, without a record behind its timestamp.
  void store_natively(const std::string& group, std::int32_t partition = 0, const actors::topic_ptr& where = nullptr) {
    const auto& of = where ? where : topic;
    const auto path = smq::position_path(of->directory_of(partition), group);
    const std::string content =
      R"({"type":"offset","value":5,"offset_type":"EXACT_OFFSET","committed_at":17,"metadata":""})";
    smq::testing::blocking store{node.engine->ports()};
    CAF_REQUIRE(store.transact({path, std::nullopt}, {{smq::mutation::kind::put, {path, content, {}, {}}}}).is_ok());
  }

  msg::describe_group_result describe(const std::string& group) {
    know_topics();
    return value_of(node.ask_later<msg::describe_group_result>({}, [&](auto answer) {
      caf::anon_send(registry, msg::describe_group{group, answer});
    }));
  }

  error_code remove(const std::string& group) {
    know_topics();
    return value_of(node.ask_later<error_code>(coordinator_not_available, [&](auto answer) {
      caf::anon_send(registry, msg::delete_group{group, answer});
    }));
  }

  std::vector<std::int32_t> all_partitions(const std::string& group) {
    know_topics();
    auto found = fetch(group, std::nullopt);
    CAF_CHECK(found.error == none);
    std::vector<std::int32_t> partitions;
    for (const auto& item : found.items) {
      CAF_CHECK(item.error == none);
      CAF_CHECK_EQUAL(item.position.offset, 0);
      partitions.push_back(item.where.partition);
    }
    return partitions;
  }
};

}  // namespace

CAF_TEST(a group that only native subscribers used is listed and described and fetched) {
  native_groups_fixture f;
  CAF_CHECK(f.commit("kafka", 0) == none);
  f.store_natively("native", 1);
  for (int i = 0; i < 2; ++i) {
    CAF_CHECK(f.list() == (lines{"kafka Empty", "native Empty"}));
    const auto shown = f.describe("native");
    CAF_CHECK(shown.error == none);
    CAF_CHECK_EQUAL(shown.state, "Empty");
    CAF_CHECK_EQUAL(shown.protocol_type, "");
    CAF_CHECK(f.all_partitions("native") == std::vector<std::int32_t>{1});
    CAF_CHECK_EQUAL(f.describe("nobody").state, "Dead");
    CAF_CHECK(f.all_partitions("nobody").empty());
    f.restart();
  }
}

CAF_TEST(deleting it removes its positions everywhere and it is not listed any more) {
  native_groups_fixture f;
  const auto other = f.node.create("u", 1);
  f.store_natively("native");
  f.store_natively("native", 1);
  f.store_natively("native", 0, other);
  CAF_CHECK(f.list() == lines{"native Empty"});
  CAF_CHECK(f.remove("native") == none);
  CAF_CHECK(f.list().empty());  // although the last scan is not old
  CAF_CHECK(f.all_partitions("native").empty());
  CAF_CHECK_EQUAL(f.describe("native").state, "Dead");
  CAF_CHECK(f.remove("native") == group_id_not_found);
  f.restart();
  CAF_CHECK(f.list().empty());
}

CAF_TEST(deleting a group with an entry leaves no native position that would bring it back) {
  native_groups_fixture f;
  const auto other = f.node.create("u", 1);
  CAF_CHECK(f.commit("g", 0) == none);
  f.store_natively("g", 1);
  f.store_natively("g", 0, other);
  CAF_CHECK(f.remove("g") == none);
  CAF_CHECK(f.list().empty());
  f.restart();
  CAF_CHECK(f.list().empty());
  CAF_CHECK_EQUAL(f.position("g"), -1);
  f.store_natively("g");  // a native subscriber comes back later
  f.restart();
  CAF_CHECK(f.list() == lines{"g Empty"});
}

CAF_TEST(a Kafka group of that name goes on there and is listed once) {
  native_groups_fixture f;
  f.store_natively("g");
  CAF_CHECK_EQUAL(f.position("g"), 0);
  const auto member = f.join("g");
  CAF_CHECK(f.list() == lines{"g Stable"});
  CAF_CHECK(f.describe("g").members.size() == 1);
  CAF_CHECK(f.remove("g") == non_empty_group);
  CAF_CHECK(f.commit_as("g", member, 0) == none);
  CAF_CHECK_EQUAL(f.position("g"), 0);
}

CAF_TEST(a store that cannot say is an error and never a group that is not there) {
  native_groups_fixture f;
  f.store_natively("native");
  f.know_topics();
  f.node.ports->positions_fail = 3;
  CAF_CHECK(f.describe("native").error == coordinator_not_available);
  CAF_CHECK(f.remove("native") == coordinator_not_available);
  CAF_CHECK(f.fetch("native", std::nullopt).error == coordinator_load_in_progress);
  CAF_CHECK_EQUAL(f.node.ports->positions_fail.load(), 0);
  CAF_CHECK_EQUAL(f.describe("native").state, "Empty");
}

CAF_TEST(very many groups are looked up on a small stack) {
  constexpr int groups = 5000;
  native_groups_fixture f;
  f.store_natively("native");
  f.know_topics();
  const auto store = std::make_shared<actors::smq_group_store>(f.node.store, actors::native_translation{});
  std::atomic<int> found{0};
  f.node.ports->many_reads_stall = 4;  // as many as look up at once: the others wait for these
  for (int i = 0; i < groups; ++i) {
    store->find_positions("native", [&](const actors::found_positions& all) {
      found += all.error == none && all.where.size() == 1 ? 1 : 0;
    });
  }
  CAF_CHECK_EQUAL(f.node.ports->held_count(), 4u);
  CAF_CHECK_EQUAL(found.load(), 0);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 256 << 10);
  const auto release = [](void* ports) -> void* {
    static_cast<scripted_ports*>(ports)->release();
    return nullptr;
  };
  pthread_t thread{};
  CAF_REQUIRE_EQUAL(pthread_create(&thread, &small, release, f.node.ports.get()), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  CAF_CHECK_EQUAL(found.load(), groups);
}

CAF_TEST(a group that is deleted while a scan runs is not in its result) {
  native_groups_fixture f;
  f.store_natively("deleted");
  f.store_natively("kept");
  f.know_topics();
  std::vector<std::function<void()>> posted;
  std::promise<void> scanned;
  actors::native_groups groups{f.node.store, [&](std::function<void()> run) {
                                 posted.push_back(std::move(run));
                                 scanned.set_value();
                               }};
  std::vector<std::set<std::string>> answers;
  auto find = [&] {
    groups.find([](const std::string&) { return false; },
                [&](const smq::result<smq::group_scan>& found) { answers.push_back(found.value.groups); });
  };
  find();
  find();  // waits for the same scan
  value_of(scanned.get_future());
  groups.forget("deleted");
  for (auto& run : posted) run();
  find();  // not old yet
  CAF_CHECK(answers == std::vector<std::set<std::string>>(3, {"kept"}));
  CAF_CHECK_EQUAL(posted.size(), 1u);
}
