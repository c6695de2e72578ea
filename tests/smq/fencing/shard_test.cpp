#define CAF_SUITE shard
#include "smq/fencing/shard.hpp"

#include "tests/smq/fencing/shard_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <atomic>
#include <thread>

using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr auto stored = write_result::stored;
constexpr auto refused = write_result::refused;
constexpr auto not_written = write_result::not_written;
constexpr auto reload = write_result::reload;
constexpr auto fenced = write_result::fenced;

}  // namespace

CAF_TEST(a write is sent at once and puts the fence last) {
  shard_fixture f;
  answers got;
  auto s = f.open("g/a");
  s->write({put("/a", "1"), put("/b", "1")}, write_class::commit, got.at(1));
  CAF_CHECK(f.engine.transactions == (std::vector<std::vector<std::string>>{{"/a", "/b", f.path}}));
  f.run_all();
  CAF_CHECK(got.are({{1, stored}}));
  CAF_CHECK_EQUAL(f.stored_fence().seq, 1u);
}

CAF_TEST(what arrives during a transaction is the next window with commits before bulk) {
  shard_fixture f;
  answers got;
  auto a = f.open("g/a");
  auto p = f.open("p/1/0");
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  p->write({put("/p", "1")}, write_class::bulk, got.at(2));
  a->write({put("/a", "2")}, write_class::commit, got.at(3));
  f.run_all();
  CAF_CHECK(f.engine.transactions == (std::vector<std::vector<std::string>>{{"/a", f.path}, {"/a", "/p", f.path}}));
  CAF_CHECK(got.are({{1, stored}, {3, stored}, {2, stored}}));
}

CAF_TEST(a commit does not overtake an earlier bulk write of its own session) {
  shard_fixture f;
  answers got;
  auto a = f.open("g/a");
  auto b = f.open("g/b");
  b->write({put("/b", "1")}, write_class::bulk, got.at(1));
  a->write({put("/a", "old")}, write_class::bulk, got.at(2));
  a->write({put("/a", "new")}, write_class::commit, got.at(3));
  f.run_all();
  CAF_CHECK(f.engine.content("/a") == "new");
  CAF_CHECK(got.are({{1, stored}, {2, stored}, {3, stored}}));
}

CAF_TEST(a window ends at its bounds and a larger unit has one of its own) {
  shard_fixture f;
  f.options.max_window_mutations = 3;
  f.store = f.make_store();
  answers got;
  auto s = f.open("g/a");
  s->write({put("/first", "")}, write_class::commit, got.at(0));
  s->write({put("/a", ""), put("/b", "")}, write_class::commit, got.at(1));
  s->write({put("/c", ""), put("/d", "")}, write_class::commit, got.at(2));
  s->write({put("/e", ""), put("/f", ""), put("/g", ""), put("/h", "")}, write_class::commit, got.at(3));
  f.run_all();
  CAF_REQUIRE_EQUAL(f.engine.transactions.size(), 4u);
  CAF_CHECK_EQUAL(f.engine.transactions[1].size(), 3u);
  CAF_CHECK_EQUAL(f.engine.transactions[3].size(), 5u);
  CAF_CHECK(got.are({{0, stored}, {1, stored}, {2, stored}, {3, stored}}));
}

CAF_TEST(the chunks of a window are bounded and commits do not wait for more than one window of them) {
  shard_fixture f;
  f.options.max_window_chunk_bytes = 100;
  f.store = f.make_store();
  answers got;
  auto s = f.open("p/a");
  auto with_chunks = [](std::string path, std::uint64_t bytes) {
    auto m = put(std::move(path), "");
    m.new_chunk_bytes = bytes;
    return m;
  };
  s->write({with_chunks("/first", 1)}, write_class::bulk, got.at(0));
  s->write({with_chunks("/a", 60)}, write_class::bulk, got.at(1));
  s->write({with_chunks("/b", 40)}, write_class::bulk, got.at(2));
  s->write({with_chunks("/c", 1)}, write_class::bulk, got.at(3));
  s->write({with_chunks("/d", 1000), put("/e", "")}, write_class::bulk, got.at(4));
  f.run_all();
  CAF_REQUIRE_EQUAL(f.engine.transactions.size(), 4u);
  CAF_CHECK_EQUAL(f.engine.transactions[1].size(), 3u);  // a, b and the fence
  CAF_CHECK_EQUAL(f.engine.transactions[2].size(), 2u);
  CAF_CHECK_EQUAL(f.engine.transactions[3].size(), 3u);
  CAF_CHECK(got.are({{0, stored}, {1, stored}, {2, stored}, {3, stored}, {4, stored}}));
}

CAF_TEST(commits that could fill every window leave room for what had to wait) {
  shard_fixture f;
  f.options.max_window_mutations = 4;
  f.store = f.make_store();
  answers got;
  const auto groups = f.open("g/a");
  const auto log = f.open("p/a");
  auto commit = [&, n = 0]() mutable {
    const auto at = "/" + std::to_string(++n);
    groups->write({put(at + "/a", ""), put(at + "/b", ""), put(at + "/c", "")}, write_class::commit, got.at(n));
  };
  for (int i = 0; i < 3; ++i) commit();  // no two of them fit into one window
  log->write({put("/p", "")}, write_class::bulk, got.at(100));
  for (int windows = 0; windows < 3; ++windows) {
    f.engine.run_one();
    commit();
  }
  CAF_CHECK(got.are({{1, stored}, {2, stored}, {100, stored}, {3, stored}}));
}

CAF_TEST(one bad entry does not stop the others of its window) {
  shard_fixture f;
  f.engine.refuses = [](const mutation& m) { return m.target.path == "/bad"; };
  answers got;
  auto a = f.open("g/a");
  auto b = f.open("g/b");
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  b->write({put("/bad", "")}, write_class::commit, got.at(2));
  a->write({put("/a", "2")}, write_class::commit, got.at(3));
  b->write({put("/b", "2")}, write_class::commit, got.at(4));
  f.run_all();
  CAF_CHECK(got.are({{1, stored}, {2, refused}, {3, stored}, {4, stored}}));
  CAF_CHECK(f.engine.content("/a") == "2");
}

CAF_TEST(an entry that fails in the middle of a window costs only its session) {
  shard_fixture f;
  f.engine.fails = [](const mutation& m) { return m.target.path == "/bad"; };
  answers got;
  auto a = f.open("g/a");
  auto b = f.open("g/b");
  auto c = f.open("g/c");
  c->write({put("/first", "")}, write_class::commit, got.at(0));  // its window keeps the others together
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  b->write({put("/b", "1")}, write_class::commit, got.at(2));
  b->write({put("/b2", "1"), put("/bad", "")}, write_class::commit, got.at(3));
  b->write({put("/b3", "1")}, write_class::commit, got.at(4));
  c->write({put("/c", "1")}, write_class::commit, got.at(5));
  f.run_all();
  CAF_CHECK(got.are({{0, stored}, {2, reload}, {3, reload}, {4, reload}, {1, stored}, {5, stored}}));
  CAF_CHECK(f.engine.content("/a") == "1");
  CAF_CHECK(f.engine.content("/c") == "1");
  CAF_CHECK(!f.engine.content("/b3"));
  b->write({put("/b", "2")}, write_class::commit, got.at(6));
  CAF_CHECK(got.seen.back() == std::pair(6, not_written));
  f.open("g/b")->write({put("/b", "3")}, write_class::commit, got.at(7));
  f.run_all();
  CAF_CHECK(got.seen.back() == std::pair(7, stored));
  CAF_CHECK_EQUAL(f.stored_fence().seq, 3u);
}

CAF_TEST(a window of which a prefix is applied is never refused) {
  shard_fixture f;
  f.engine.fails = [](const mutation& m) { return m.target.path == "/bad"; };
  f.engine.script.assign(3, {fault::none, 0});
  f.engine.script.emplace_back(fault::refused, 0);  // when it is sent again without what failed
  answers got;
  auto a = f.open("g/a");
  auto b = f.open("g/b");
  a->write({put("/first", "")}, write_class::commit, got.at(0));
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  b->write({put("/bad", "")}, write_class::commit, got.at(2));
  f.run_all();
  CAF_CHECK(got.are({{0, stored}, {2, reload}, {1, reload}}));
  CAF_CHECK(f.engine.content("/a") == "1");
}

CAF_TEST(an entry that fails after an attempt in doubt is burned with its window) {
  shard_fixture f;
  f.engine.fails = [](const mutation& m) { return m.target.path == "/bad"; };
  f.engine.script = {{fault::unknown_late, 0}};
  answers got;
  auto a = f.open("g/a");
  a->write({put("/a", "1"), put("/bad", "")}, write_class::commit, got.at(1));
  f.run_all();
  CAF_CHECK(got.are({{1, reload}}));
  CAF_CHECK(f.engine.deliver_late());
  CAF_CHECK_EQUAL(f.stored_fence().seq, 1u);
}

CAF_TEST(a path that no store takes or that belongs to fencing is refused before it is queued) {
  for (const std::string path : {"a", "", "/a//b", "/a/../b", "/a/", "/topics/.tidegate/view"}) {
    shard_fixture f;
    answers got;
    f.open("g/a")->write({put(path, "")}, write_class::commit, got.at(1));
    CAF_CHECK(got.are({{1, refused}}));
  }
  CAF_CHECK(why_not({put("/" + std::string(256, 'x'), "")}).has_value());
  CAF_CHECK(why_not({put(fence_path(id_of(1), 0), "")}).has_value());
  CAF_CHECK(!why_not({put(producer_ids_path(), "")}).has_value());
}

CAF_TEST(an outcome in doubt is proven by the fence) {
  for (auto doubt : {fault::unknown_applied, fault::unknown_lost, fault::unknown_prefix, fault::partial}) {
    shard_fixture f;
    answers got;
    f.engine.script = {{doubt, 1}};
    auto s = f.open("g/a");
    s->write({put("/a", "1"), put("/b", "1")}, write_class::commit, got.at(1));
    f.run_all();
    CAF_CHECK(got.are({{1, stored}}));
    CAF_CHECK(f.engine.content("/b") == "1");
    CAF_CHECK_EQUAL(f.stored_fence().seq, 1u);
  }
}

CAF_TEST(nothing is answered while the fence cannot be read) {
  shard_fixture f;
  answers got;
  f.engine.script = {{fault::unknown_applied, 0}};
  f.engine.failing_gets = 3;
  f.open("g/b");
  auto s = f.open("g/a");
  s->write({put("/a", "1")}, write_class::commit, got.at(1));
  for (int i = 0; i < 3; ++i) {
    while (f.engine.run_one()) continue;
    CAF_CHECK(got.seen.empty());
    CAF_CHECK(f.run_timer());
  }
  f.run_all();
  CAF_CHECK(got.are({{1, stored}}));
}

CAF_TEST(a store tells for how long it has owed an outcome) {
  shard_fixture f;
  time_point now{};
  f.options.now = [&] { return now; };
  f.store = f.make_store();
  answers got;
  auto s = f.open("g/a");
  now += std::chrono::seconds{7};
  CAF_CHECK_EQUAL(f.store->undecided_for().count(), 0);
  s->write({put("/a", "1")}, write_class::commit, got.at(1));
  now += std::chrono::seconds{5};
  CAF_CHECK_EQUAL(f.store->undecided_for().count(), 5000);
  f.run_all();
  CAF_CHECK_EQUAL(f.store->undecided_for().count(), 0);
}

CAF_TEST(what cannot be sent is burned and can never be applied again) {
  shard_fixture f;
  answers got;
  f.engine.script = {{fault::unknown_late, 0}, {fault::unknown_lost, 0}, {fault::partial, 1}, {fault::unknown_lost, 0}};
  auto a = f.open("g/a");
  auto b = f.open("g/b");
  a->write({put("/a", "1"), put("/c", "1")}, write_class::commit, got.at(1));
  a->write({put("/a", "2")}, write_class::commit, got.at(2));
  b->write({put("/b", "1")}, write_class::commit, got.at(3));
  f.run_all();
  CAF_CHECK(got.are({{1, reload}, {2, not_written}, {3, stored}}));
  CAF_CHECK(f.engine.content("/a") == "1");
  CAF_CHECK(f.engine.deliver_late());
  CAF_CHECK(!f.engine.content("/c"));
  a->write({put("/a", "3")}, write_class::commit, got.at(4));
  CAF_CHECK(got.seen.back() == std::pair(4, not_written));
}

CAF_TEST(a write that arrives late while it is being burned counts as stored) {
  shard_fixture f;
  answers got;
  f.engine.script = {{fault::unknown_late, 0}, {fault::refused, 0}};
  auto a = f.open("g/a");
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  while (f.engine.run_one()) continue;
  f.run_timer();
  f.engine.run_one();  // the repeat is refused: the first attempt is still on its way, so this proves nothing
  CAF_CHECK(got.seen.empty());
  f.engine.deliver_late();
  f.run_all();
  CAF_CHECK(got.are({{1, stored}}));
}

CAF_TEST(a taken fence stops the node for ever) {
  shard_fixture f;
  answers got;
  auto a = f.open("g/a");
  auto b = f.open("g/b");
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  b->write({put("/b", "1")}, write_class::commit, got.at(2));
  f.take_over();
  f.run_all();
  a->write({put("/a", "2")}, write_class::commit, got.at(3));
  f.open("g/c")->write({put("/c", "1")}, write_class::commit, got.at(4));
  f.run_all();
  CAF_CHECK(got.are({{1, fenced}, {2, fenced}, {3, fenced}, {4, fenced}}));
  CAF_CHECK_EQUAL(f.fenced_calls, 1);
  CAF_CHECK(f.loss == fence_loss::taken);
  CAF_CHECK(f.store->is_fenced());
  CAF_CHECK(!f.engine.content("/a"));
}

CAF_TEST(what was applied before the fence was taken is stored) {
  shard_fixture f;
  answers got;
  f.engine.script = {{fault::unknown_applied, 0}};
  auto a = f.open("g/a");
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  a->write({put("/a", "2")}, write_class::commit, got.at(2));
  f.engine.run_one();
  f.take_over();
  f.run_all();
  CAF_CHECK(got.are({{1, stored}, {2, fenced}}));
}

CAF_TEST(a fence that is gone or older than ours stops the node) {
  for (bool gone : {true, false}) {
    shard_fixture f;
    answers got;
    auto first = f.engine.entries[f.path];
    auto a = f.open("g/a");
    auto b = f.open("g/b");
    a->write({put("/a", "1")}, write_class::commit, got.at(1));
    f.run_all();
    if (gone)
      f.engine.entries.erase(f.path);
    else
      f.engine.entries[f.path] = first;  // the store rewound
    a->write({put("/a", "2")}, write_class::commit, got.at(2));
    b->write({put("/b", "1")}, write_class::commit, got.at(3));
    f.run_all();
    CAF_CHECK(got.are({{1, stored}, {2, fenced}, {3, fenced}}));
    CAF_CHECK(f.loss == (gone ? fence_loss::gone : fence_loss::rewound));
    CAF_CHECK_EQUAL(f.fenced_calls, 1);
  }
}

CAF_TEST(inside a window the last put of an entry replaces the one before by the same session) {
  shard_fixture f;
  answers got;
  auto a = f.open("g/a");
  auto b = f.open("g/b");
  auto with_chunk = put("/c", "");
  with_chunk.target.chunks.push_back({"id", 0, 1, 0});
  int unit = 0;
  auto write = [&](session& s, std::vector<mutation> m) { s.write(std::move(m), write_class::commit, got.at(unit++)); };
  write(*a, {put("/first", "")});
  write(*a, {put("/a", "1")});  // replaced
  write(*b, {put("/a", "other")});
  write(*a, {put("/a", "2")});  // kept: the next unit puts more
  write(*a, {put("/a", "3"), put("/b", "3")});
  write(*a, {with_chunk});  // kept: names a chunk
  write(*a, {put("/c", "")});
  f.run_all();
  CAF_CHECK(f.engine.transactions.back() == (std::vector<std::string>{"/a", "/a", "/a", "/b", "/c", "/c", f.path}));
  CAF_CHECK_EQUAL(got.seen.size(), 7u);
  CAF_CHECK(f.engine.content("/a") == "3");
}

CAF_TEST(many threads write and every unit is answered once) {
  constexpr int thread_count = 4;
  constexpr int writes = 500;
  shard_fixture f;
  f.engine.immediate = true;
  std::atomic<int> stored_count{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t) {
    threads.emplace_back([&f, &stored_count, t] {
      auto owner = "g/" + std::to_string(t);
      std::shared_ptr<session> s;
      std::atomic<bool> is_open{false};
      f.store->open(owner, [&](std::shared_ptr<session> opened) {
        s = std::move(opened);
        is_open = true;
      });
      while (!is_open) std::this_thread::yield();
      for (int i = 0; i < writes; ++i)
        s->write({put("/" + owner, std::to_string(i))}, i % 2 == 0 ? write_class::commit : write_class::bulk,
                 [&](const write_answer& a) { stored_count += a.code == stored ? 1 : 0; });
      std::atomic<bool> is_settled{false};
      s->write({put("/" + owner, "last")}, write_class::bulk, [&](const write_answer&) { is_settled = true; });
      while (!is_settled) std::this_thread::yield();
    });
  }
  for (auto& t : threads) t.join();
  CAF_CHECK_EQUAL(stored_count.load(), thread_count * writes);
  for (int t = 0; t < thread_count; ++t) CAF_CHECK(f.engine.content("/g/" + std::to_string(t)) == "last");
}
