#define CAF_SUITE native_groups
#include "actors/group/native_groups.hpp"
#include "actors/group/position_lookups.hpp"
#include "smq/names.hpp"
#include "tests/actors/group/groups_fixture.hpp"
#include "tests/smq/small_stack.hpp"

#include "caf/test/unit_test.hpp"

#include <algorithm>
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

  msg::delete_offsets_result remove_offset(const std::string& group, std::int32_t partition) {
    return value_of(node.ask_later<msg::delete_offsets_result>({}, [&](auto answer) {
      caf::anon_send(registry, msg::delete_offsets{group, {where(partition)}, answer});
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

/// Asks for very many groups while the first ones are not answered, and lets the store answer on a small stack.
struct many_lookups : native_groups_fixture {
  static constexpr int groups = 5000;

  void ask(smq::scan_limits limits) {
    store_natively("native");
    know_topics();
    const auto lookups = std::make_shared<actors::position_lookups>(node.store, limits);
    std::atomic<int> found{0};
    node.ports->many_reads = 0;
    node.ports->many_reads_stall = actors::position_lookups::most_at_once;
    for (int i = 0; i < groups; ++i) {
      const auto is_there = i % 2 == 0;
      lookups->find(is_there ? "native" : "nobody " + std::to_string(i), [&, is_there](const auto& all) {
        found += all.error == none && all.complete && all.where.size() == (is_there ? 1u : 0u) ? 1 : 0;
      });
    }
    CAF_CHECK_EQUAL(node.ports->held_count(), actors::position_lookups::most_at_once);
    CAF_CHECK_EQUAL(found.load(), 0);
    CAF_REQUIRE(smq::test::on_small_stack([this] { node.ports->release(); }));
    CAF_CHECK_EQUAL(found.load(), groups);
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

CAF_TEST(a fetch of all finds native positions in topics that the group never committed to) {
  native_groups_fixture f;
  const auto other = f.node.create("u", 2);
  CAF_CHECK(f.commit("g", 0) == none);
  f.store_natively("g", 1);  // in a topic that it lists
  f.store_natively("g", 1, other);
  CAF_CHECK(f.all_partitions("g") == (std::vector<std::int32_t>{0, 1, 1}));
  f.restart();
  CAF_CHECK(f.all_partitions("g") == (std::vector<std::int32_t>{0, 1, 1}));
  f.node.ports->positions_fail = 1;
  CAF_CHECK(f.fetch("g", std::nullopt).error == coordinator_load_in_progress);
}

CAF_TEST(native positions of a group without an entry can be deleted one by one) {
  native_groups_fixture f;
  f.store_natively("native");
  f.store_natively("native", 1);
  f.know_topics();
  f.node.ports->positions_fail = 1;
  CAF_CHECK(f.remove_offset("native", 0).error == coordinator_not_available);
  const auto removed = f.remove_offset("native", 0);
  CAF_CHECK(removed.error == none);
  CAF_CHECK(removed.items == std::vector<error_code>{none});
  CAF_CHECK(f.all_partitions("native") == std::vector<std::int32_t>{1});
  CAF_CHECK(f.remove_offset("native", 1).error == none);
  CAF_CHECK(f.remove_offset("native", 1).error == group_id_not_found);
}

CAF_TEST(very many groups are looked up by one scan) {
  many_lookups f;
  f.ask({});
  CAF_CHECK_EQUAL(f.node.ports->many_reads.load(), static_cast<int>(actors::position_lookups::most_at_once));
}

CAF_TEST(very many groups that no scan can answer for are looked up one by one on a small stack) {
  many_lookups f;
  f.ask({.most_files = 0});
  CAF_CHECK_EQUAL(f.node.ports->many_reads.load(), many_lookups::groups);
}

CAF_TEST(of too many groups that wait to be looked up the next one is refused) {
  native_groups_fixture f;
  f.know_topics();
  const auto lookups = std::make_shared<actors::position_lookups>(f.node.store);
  constexpr auto most = actors::position_lookups::most_at_once + actors::position_lookups::most_waiting;
  std::vector<error_code> answers;
  const auto find = [&] {
    lookups->find("g", [&](const actors::found_positions& found) { answers.push_back(found.error); });
  };
  f.node.ports->many_reads_stall = actors::position_lookups::most_at_once;
  for (std::size_t i = 0; i < most; ++i) find();
  CAF_CHECK(answers.empty());
  find();
  CAF_CHECK(answers == std::vector{coordinator_not_available});
  f.node.ports->release();
  CAF_CHECK_EQUAL(answers.size(), most + 1);
  CAF_CHECK_EQUAL(std::count(answers.begin(), answers.end(), none), static_cast<std::ptrdiff_t>(most));
}

CAF_TEST(nobody looks for positions of native subscribers where there can be none) {
  native_groups_fixture f;
  f.store_natively("native");
  auto alone = std::make_shared<actors::store_access>(*f.node.store);
  alone->has_native_subscribers = false;
  const auto lists = f.node.ports->lists.load();
  const auto reads = f.node.ports->many_reads.load();
  int answers = 0;
  std::make_shared<actors::position_lookups>(alone)->find("native", [&](const actors::found_positions& found) {
    ++answers;
    CAF_CHECK(found.error == none && found.where.empty() && found.complete);
  });
  actors::native_groups{alone, [](auto&&) {}}.find({}, [&](const smq::result<smq::group_scan>& found) {
    ++answers;
    CAF_CHECK(found.is_ok() && found.value.complete && found.value.groups.empty());
  });
  CAF_CHECK_EQUAL(answers, 2);
  CAF_CHECK_EQUAL(f.node.ports->lists.load(), lists);
  CAF_CHECK_EQUAL(f.node.ports->many_reads.load(), reads);
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
