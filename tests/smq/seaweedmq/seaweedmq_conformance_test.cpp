#define CAF_SUITE conformance
#include "smq/fencing/node_start.hpp"
#include "smq/seaweedmq/discovery.hpp"
#include "smq/seaweedmq/engine.hpp"
#include "smq/seaweedmq/entries.hpp"
#include "tests/smq/conformance.hpp"
#include "tests/smq/seaweedmq/no_chunks.hpp"
#include "tests/smq/seaweedmq/weed_server.hpp"

#include <atomic>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

struct fixture {
  std::shared_ptr<seaweedmq::filer> via = seaweedmq::filer::at(shared_weed().filer_address(), {}).value;
  seaweedmq::entries entries{via};
  no_chunks chunks;
  engine ports{chunks, entries};
};

/// Each test has a directory of its own below the root of a real cluster's entries.
void run(void (*check)(engine, const std::string&)) {
  static std::atomic<int> number{0};
  seaweedmq::options wanted;
  wanted.masters = {shared_weed().master_address()};
  const auto opened = seaweedmq::open(wanted, soon());
  if (!opened.store) CAF_FAIL(opened.error);
  check(opened.store->ports(), "/topics/.tidegate/test-" + std::to_string(++number));
}

}  // namespace

CAF_TEST(outcomes and guards) { run(check_outcomes_and_guards); }

CAF_TEST(mutations apply in their order) { run(check_order_of_mutations); }

CAF_TEST(bad names are refused before anything applies) { run(check_names_and_sizes); }

CAF_TEST(lists are in byte order and in pages) { run(check_listing); }

CAF_TEST(get_many answers per path) { run(check_get_many); }

CAF_TEST(chunks live as long as an entry names them) { run(check_chunks); }

CAF_TEST(chunks of a removed tree are gone) { run(check_chunks_of_a_removed_tree); }

CAF_TEST(remove_tree removes what is below and nothing beside it) { run(check_remove_tree); }

CAF_TEST(sixteen threads lose no update) { run(check_concurrent_counters); }

CAF_TEST(more paths than one call takes are looked up in order) {
  fixture f;
  const blocking store{f.ports};
  const std::string root = "/topics/.tidegate/many";
  std::vector<mutation> mutations;
  for (int i = 0; i < 500; ++i) mutations.push_back(put(root + "/" + std::to_string(i * 5), std::to_string(i * 5)));
  mutations.push_back(put(root + "/fence", "1"));
  CAF_REQUIRE(store.transact({root + "/fence", std::nullopt}, mutations).is_ok());
  std::vector<std::string> paths;
  for (int i = 0; i < 2500; ++i) paths.push_back(root + "/" + std::to_string(i));
  const auto found = store.get_many(paths);
  CAF_REQUIRE(found.is_ok());
  CAF_REQUIRE_EQUAL(found.value.size(), paths.size());
  int wrong = 0;
  for (int i = 0; i < 2500; ++i) {
    const auto& one = found.value[static_cast<std::size_t>(i)];
    const bool right = i % 5 == 0 ? one.is_ok() && one.value.content == std::to_string(i)
                                  : one.what.code == status::absent;
    wrong += right ? 0 : 1;
  }
  CAF_CHECK_EQUAL(wrong, 0);
}

CAF_TEST(directories are neither entries nor absent) {
  fixture f;
  const blocking store{f.ports};
  const std::string root = "/topics/.tidegate/directories";
  CAF_REQUIRE(store.transact({root + "/m", std::nullopt}, {put(root + "/a/1", ""), put(root + "/z/1", ""),
                                                           put(root + "/c", ""), put(root + "/m", "1")})
                  .is_ok());
  CAF_CHECK(store.get(root + "/a").what.code == status::refused);
  const auto many = store.get_many({root + "/a", root + "/c", root + "/none"});
  CAF_CHECK(many.value.at(0).what.code == status::refused);
  CAF_CHECK(many.value.at(1).is_ok());
  CAF_CHECK(many.value.at(2).what.code == status::absent);
  const auto one = store.list(root, "", 1);
  CAF_REQUIRE_EQUAL(one.value.entries.size(), 1U);
  CAF_CHECK_EQUAL(one.value.entries[0].path, root + "/c");
  CAF_CHECK_EQUAL(one.value.directories, std::vector<std::string>{"a"});
  CAF_CHECK(one.value.more);
  const auto rest = store.list(root, "c", 1);
  CAF_CHECK_EQUAL(rest.value.directories, std::vector<std::string>{"z"});
  CAF_CHECK(!rest.value.more);
  const auto two = store.list(root, "", 2);
  CAF_CHECK_EQUAL(two.value.entries.size(), 2U);
  CAF_CHECK_EQUAL(two.value.directories, (std::vector<std::string>{"a", "z"}));
  CAF_CHECK(!two.value.more);
}

CAF_TEST(a put on a directory is refused or partial as the filer says where it stopped) {
  fixture f;
  const blocking store{f.ports};
  const std::string root = "/topics/.tidegate/onto-directory";
  CAF_REQUIRE(store.transact({root + "/f", std::nullopt}, {put(root + "/d/1", ""), put(root + "/f", "1")}).is_ok());
  const auto first = store.transact({root + "/f", "1"}, {put(root + "/d", ""), put(root + "/f", "2")});
  CAF_CHECK(first.code == status::refused);
  const auto second =
      store.transact({root + "/f", "1"}, {put(root + "/x", "x"), put(root + "/d", ""), put(root + "/f", "2")});
  CAF_CHECK(second.code == status::partial);
  CAF_CHECK_EQUAL(second.applied, 1U);
  CAF_CHECK_EQUAL(store.get(root + "/x").value.content, "x");
  CAF_CHECK_EQUAL(store.get(root + "/f").value.content, "1");
}

CAF_TEST(chunks of an entry come back with their ids and places) {
  fixture f;
  const blocking store{f.ports};
  const auto ids = wait_for<result<seaweedmq::assigned_ids>>(
      [&](auto done) { f.via->assign({2, "topics", "", "", 0}, soon(), std::move(done)); });
  CAF_REQUIRE(ids.is_ok());
  CAF_CHECK_EQUAL(ids.value.count, 2);
  CAF_CHECK(!ids.value.location.url.empty());
  const std::string root = "/topics/.tidegate/chunks";
  const chunk_ref one{ids.value.first, 0, 10, 7};
  CAF_REQUIRE(
      store.transact({root + "/f", std::nullopt}, {put(root + "/s", "", {one}), put(root + "/f", "1")}).is_ok());
  CAF_CHECK(store.get(root + "/s").value.chunks == std::vector{one});
  CAF_CHECK(store.list(root, "f", 10, true).value.entries.at(0).chunks == std::vector{one});
  CAF_CHECK(store.list(root, "f", 10, false).value.entries.at(0).chunks.empty());
  const auto volume = ids.value.first.substr(0, ids.value.first.find(','));
  const auto found = wait_for<result<seaweedmq::volume_locations>>(
      [&](auto done) { f.via->locate({volume}, soon(), std::move(done)); });
  CAF_REQUIRE(found.is_ok());
  CAF_CHECK(found.value.at(volume) == std::vector{ids.value.location});
  const auto nowhere = wait_for<result<seaweedmq::volume_locations>>(
      [&](auto done) { f.via->locate({"4000000"}, soon(), std::move(done)); });
  CAF_CHECK(nowhere.what.code == status::unknown);
}

CAF_TEST(a filer that is not there leaves every outcome unknown) {
  auto via = seaweedmq::filer::at("127.0.0.1:1.1", {}).value;
  seaweedmq::entries entries{via};
  no_chunks chunks;
  const blocking store{{chunks, entries}};
  CAF_CHECK(store.get("/a").what.code == status::unknown);
  CAF_CHECK(store.get_many({"/a"}).what.code == status::unknown);
  CAF_CHECK(store.list("/a").what.code == status::unknown);
  CAF_CHECK(store.transact({"/a", std::nullopt}, {put("/a", "1")}).code == status::unknown);
  CAF_CHECK(store.remove_tree("/a").code == status::unknown);
}

CAF_TEST(a deadline that passed refuses before anything is sent) {
  fixture f;
  const auto o = wait_for<outcome>([&](auto done) {
    f.entries.transact({"/late", std::nullopt}, {put("/late", "1")}, std::chrono::steady_clock::now(), done);
  });
  CAF_CHECK(o.code == status::refused);
  CAF_CHECK(blocking{f.ports}.get("/late").what.code == status::absent);
}

CAF_TEST(what is open when the filer goes away is answered once and nothing later starts) {
  auto f = std::make_unique<fixture>();
  std::atomic<int> answers{0};
  constexpr int calls = 200;
  for (int i = 0; i < calls; ++i) {
    f->entries.get("/topics/.tidegate/x" + std::to_string(i), soon(), [&](const result<entry>& e) {
      if (e.what.code == status::absent || e.what.code == status::unknown) ++answers;
    });
  }
  f.reset();
  CAF_CHECK_EQUAL(answers.load(), calls);
}

CAF_TEST(the last channel may end right after an answer) {
  for (int i = 0; i < 200; ++i) {
    auto f = std::make_unique<fixture>();
    std::promise<status> answer;
    f->entries.list("/topics", "", 1, false, soon(), [](const result<list_page>&) {});
    f->entries.get("/topics/.tidegate/none", soon(), [&](const result<entry>& e) { answer.set_value(e.what.code); });
    CAF_CHECK(answer.get_future().get() == status::absent);
  }
}

CAF_TEST(masters lead to the filer) {
  seaweedmq::options wanted;
  wanted.masters = {"127.0.0.1:1.1", shared_weed().master_address()};
  const auto found = seaweedmq::find_filer(wanted, soon());
  CAF_CHECK_EQUAL(found.value, shared_weed().filer_address());
  wanted.filer_group = "another";
  const auto none = seaweedmq::find_filer(wanted, std::chrono::steady_clock::now() + std::chrono::seconds{1});
  CAF_CHECK(none.what.code == status::unknown);
  CAF_CHECK(seaweedmq::find_filer({}, soon()).what.code == status::refused);
}

CAF_TEST(a node starts over the filer and takes the fences of the one before) {
  fixture f;
  node_options options;
  options.shard_count = seaweedmq::shard_count;
  options.addresses = {"127.0.0.1:9092"};
  const auto random = system_uuid_source();
  const auto first = start_node(f.entries, options, random(), random);
  CAF_REQUIRE(first.is_ok());
  const auto second = start_node(f.entries, options, random(), random);
  CAF_REQUIRE(second.is_ok());
  CAF_CHECK_EQUAL(second.value.view_version, first.value.view_version + 1);
  CAF_CHECK_EQUAL(second.value.cluster_id, first.value.cluster_id);
  const auto taken = blocking{f.ports}.get(fence_path(first.value.incarnation, 3));
  const auto content = decode_fence(taken.value.content);
  CAF_REQUIRE(content.has_value());
  CAF_CHECK(content->incarnation == second.value.incarnation);
  CAF_CHECK(decode_fence(content->previous) == first.value.shards[3]);
}
