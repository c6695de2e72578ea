#define CAF_SUITE node_start
#include "smq/fencing/node_start.hpp"

#include "tests/smq/fencing/memory_engine.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

struct fixture {
  memory_engine engine;
  uuid_source random = counting_uuids();
  node_options options;
  time_point now{};
  int pauses = 0;
  std::function<void()> in_pause = [] {};

  fixture() {
    engine.immediate = true;
    options.addresses = {"127.0.0.1:9092"};
    options.now = [this] { return now; };
    options.pause = [this](std::chrono::milliseconds d) {
      now += d;
      ++pauses;
      in_pause();
    };
  }

  result<node_identity> start(std::uint8_t incarnation) {
    return start_node(engine, options, id_of(incarnation), random);
  }

  std::optional<fence> fence_of(std::uint8_t incarnation, std::uint32_t shard = 0) {
    auto content = engine.content(fence_path(id_of(incarnation), shard));
    return content ? decode_fence(*content) : std::nullopt;
  }
};

}  // namespace

CAF_TEST(the first start makes view 1 with itself as the only member) {
  fixture f;
  f.options.shard_count = 2;
  auto self = f.start(1);
  CAF_REQUIRE(self.is_ok());
  CAF_CHECK_EQUAL(self.value.view_version, 1u);
  CAF_CHECK_EQUAL(self.value.cluster_id.size(), 22u);
  CAF_REQUIRE_EQUAL(self.value.shards.size(), 2u);
  CAF_CHECK(f.fence_of(1, 1) == self.value.shards[1]);
  auto view = decode_view(*f.engine.content(view_path()));
  CAF_CHECK(view == self.value.view);
  CAF_CHECK(view->state == view_state::active);
  CAF_CHECK(view->members == (std::vector<member_record>{{id_of(1), 1, 2, {"127.0.0.1:9092"}}}));
}

CAF_TEST(the next start takes the fences of the one before and keeps the cluster id) {
  fixture f;
  auto first = f.start(1);
  auto last_written = f.fence_of(1);
  auto second = f.start(2);
  CAF_REQUIRE(second.is_ok());
  CAF_CHECK_EQUAL(second.value.view_version, 2u);
  CAF_CHECK_EQUAL(second.value.cluster_id, first.value.cluster_id);
  auto taken = f.fence_of(1);
  CAF_REQUIRE(taken.has_value());
  CAF_CHECK(taken->incarnation == id_of(2));
  CAF_CHECK_EQUAL(taken->epoch, 2u);
  CAF_CHECK(decode_fence(taken->previous) == last_written);
}

CAF_TEST(another filer than ever before is refused before anything is taken unless it is named) {
  fixture f;
  f.options.store_address = "a:8888.18888";
  const auto first = f.start(1);
  CAF_REQUIRE(first.is_ok());
  CAF_CHECK(f.start(2).is_ok());
  f.options.store_address = "b:8888.18888";
  const auto entries = f.engine.entries;
  const auto refused = f.start(3);
  CAF_CHECK(refused.what.code == status::refused);
  CAF_CHECK(refused.what.reason.find("a:8888.18888") != std::string::npos);
  CAF_CHECK(f.engine.entries == entries);
  f.options.address_is_named = true;
  const auto moved = f.start(4);
  CAF_REQUIRE(moved.is_ok());
  CAF_CHECK_EQUAL(moved.value.cluster_id, first.value.cluster_id);
  f.options.address_is_named = false;
  CAF_CHECK(f.start(5).is_ok());
  f.options.store_address = "a:8888.18888";
  CAF_CHECK(!f.start(6).is_ok());
}

CAF_TEST(a store that lost the cluster is no new one) {
  fixture f;
  const auto first = f.start(1);
  CAF_CHECK(first.value.is_first);
  CAF_CHECK(!f.start(2).value.is_first);
  f.engine.entries.erase(cluster_path());
  const auto entries = f.engine.entries;
  const auto refused = f.start(3);
  CAF_CHECK(refused.what.code == status::refused);
  CAF_CHECK(refused.what.reason.find("lost") != std::string::npos);
  CAF_CHECK(f.engine.entries == entries);
}

CAF_TEST(a store from before addresses were kept takes the first one) {
  fixture f;
  CAF_REQUIRE(f.start(1).is_ok());
  f.options.store_address = "a:8888.18888";
  CAF_CHECK(f.start(2).is_ok());
  f.options.store_address = "b:8888.18888";
  CAF_CHECK(!f.start(3).is_ok());
}

CAF_TEST(a fence that is taken twice keeps what its owner wrote last) {
  fixture f;
  f.start(1);
  auto last_written = f.fence_of(1);
  auto view_1 = f.engine.entries[view_path()];
  f.start(2);
  f.engine.entries[view_path()] = view_1;  // as if 2 had died before it wrote the view
  CAF_CHECK(f.start(3).is_ok());
  auto taken = f.fence_of(1);
  CAF_CHECK(taken->incarnation == id_of(3));
  CAF_CHECK_EQUAL(taken->epoch, 3u);
  CAF_CHECK(decode_fence(taken->previous) == last_written);
}

CAF_TEST(a listed fence that is absent is created as taken) {
  fixture f;
  f.start(1);
  f.engine.entries.erase(fence_path(id_of(1), 0));
  CAF_CHECK(f.start(2).is_ok());
  auto taken = f.fence_of(1);
  CAF_REQUIRE(taken.has_value());
  CAF_CHECK(taken->incarnation == id_of(2));
  CAF_CHECK(taken->previous.empty());
}

CAF_TEST(doubt at any step changes nothing in the end) {
  for (auto doubt : {fault::unknown_lost, fault::unknown_applied, fault::unknown_late}) {
    for (std::size_t step = 0; step < 3; ++step) {
      fixture f;
      f.start(1);
      f.engine.script.assign(step, {fault::none, 0});
      f.engine.script.emplace_back(doubt, 0);
      auto second = f.start(2);
      CAF_REQUIRE(second.is_ok());
      CAF_CHECK_EQUAL(second.value.view_version, 2u);
      CAF_CHECK(f.fence_of(2) == second.value.shards[0]);
      auto before = f.engine.entries;
      f.engine.deliver_late();
      CAF_CHECK(f.engine.entries == before);
    }
  }
}

CAF_TEST(a node that was faster is fenced too) {
  fixture f;
  f.start(1);
  bool raced = false;
  f.engine.script = {{fault::none, 0}, {fault::none, 0}, {fault::unknown_lost, 0}};
  f.in_pause = [&] {
    if (std::exchange(raced, true)) return;
    f.start(3);
  };
  auto second = f.start(2);
  CAF_CHECK(raced);
  CAF_REQUIRE(second.is_ok());
  CAF_CHECK_EQUAL(second.value.view_version, 3u);
  CAF_CHECK(f.fence_of(3)->incarnation == id_of(2));
  CAF_CHECK(f.fence_of(2)->incarnation == id_of(2));
}

CAF_TEST(a damaged entry ends the start and is never taken for absent) {
  for (auto path : {view_path(), fence_path(id_of(1), 0), cluster_path()}) {
    fixture f;
    f.start(1);
    f.engine.entries[path].content = "";
    auto second = f.start(2);
    CAF_CHECK(second.what.code == status::refused);
    CAF_CHECK(second.what.reason.find(path) != std::string::npos);
  }
}

CAF_TEST(a store that does not answer ends the start as unknown and a refusal says why) {
  fixture f;
  f.engine.failing_gets = 1000000;
  CAF_CHECK(f.start(1).what.code == status::unknown);
  fixture full;
  full.engine.script = {{fault::refused, 0}};
  CAF_CHECK(full.start(1).what.code == status::refused);
}

CAF_TEST(a store that is slow and answers has the time that it needs) {
  fixture f;
  f.options.shard_count = 16;
  f.options.start_timeout = std::chrono::seconds{4};
  CAF_CHECK(f.start(1).is_ok());
  f.options.now = [&f] { return f.now += std::chrono::milliseconds{200}; };
  f.engine.script.assign(30, {fault::none, 0});
  f.engine.script.emplace_back(fault::unknown_lost, 0);
  const auto began = f.now;
  CAF_CHECK(f.start(2).is_ok());
  CAF_CHECK(f.now - began > f.options.start_timeout);
}

CAF_TEST(a store that answers without an end to it ends the start) {
  fixture f;
  f.options.start_timeout = std::chrono::seconds{4};
  CAF_CHECK(f.start(1).is_ok());
  f.in_pause = [&f] {
    f.engine.script = {{fault::unknown_lost, 0}};
    f.now += std::chrono::seconds{1};
  };
  f.engine.script = {{fault::unknown_lost, 0}};
  CAF_CHECK(f.start(2).what.code == status::unknown);
}

CAF_TEST(an incarnation starts only once) {
  fixture f;
  f.start(1);
  CAF_CHECK(f.start(1).what.code == status::refused);
}
