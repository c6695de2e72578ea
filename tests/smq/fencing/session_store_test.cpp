#define CAF_SUITE session_store
#include "smq/fencing/session_store.hpp"

#include "tests/smq/fencing/shard_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::test;

CAF_TEST(the next session of an owner waits until what the last one sent is decided) {
  shard_fixture f;
  answers got;
  auto old = f.open("g/a");
  old->write({put("/a", "1")}, write_class::commit, got.at(1));
  old->write({put("/a", "2")}, write_class::commit, got.at(2));
  std::shared_ptr<session> next;
  f.store->open("g/a", [&](std::shared_ptr<session> s) { next = std::move(s); });
  CAF_CHECK(got.are({{2, write_result::not_written}}));
  CAF_CHECK(!next);
  old->write({put("/a", "3")}, write_class::commit, got.at(3));
  f.run_all();
  CAF_CHECK(got.are({{2, write_result::not_written}, {3, write_result::not_written}, {1, write_result::stored}}));
  CAF_REQUIRE(next != nullptr);
  next->write({put("/a", "4")}, write_class::commit, got.at(4));
  f.run_all();
  CAF_CHECK(f.engine.content("/a") == "4");
}

CAF_TEST(of two openings at once the later one gets the session that lives) {
  shard_fixture f;
  answers got;
  auto old = f.open("g/a");
  old->write({put("/a", "1")}, write_class::commit, got.at(1));
  std::vector<std::shared_ptr<session>> opened;
  for (int i = 0; i < 2; ++i) f.store->open("g/a", [&](std::shared_ptr<session> s) { opened.push_back(std::move(s)); });
  CAF_CHECK(opened.empty());
  f.run_all();
  CAF_REQUIRE_EQUAL(opened.size(), 2u);
  opened[0]->write({put("/a", "2")}, write_class::commit, got.at(2));
  opened[1]->write({put("/a", "3")}, write_class::commit, got.at(3));
  f.run_all();
  CAF_CHECK(got.are({{1, write_result::stored}, {2, write_result::not_written}, {3, write_result::stored}}));
}

CAF_TEST(other owners do not wait) {
  shard_fixture f;
  answers got;
  auto a = f.open("g/a");
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  CAF_CHECK(f.open("g/b") != nullptr);
  f.run_all();
}

CAF_TEST(close settles at once when nothing is sent and twice is allowed) {
  shard_fixture f;
  auto a = f.open("g/a");
  int settled = 0;
  a->close([&] { ++settled; });
  a->close([&] { ++settled; });
  CAF_CHECK_EQUAL(settled, 2);
}

CAF_TEST(a session that is forgotten is closed) {
  shard_fixture f;
  answers got;
  auto a = f.open("g/a");
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  a->write({put("/a", "2")}, write_class::commit, got.at(2));
  a.reset();
  f.run_all();
  CAF_CHECK(got.are({{2, write_result::not_written}, {1, write_result::stored}}));
}

CAF_TEST(after stop nothing is accepted and what is in doubt is not called stored) {
  shard_fixture f;
  answers got;
  auto a = f.open("g/a");
  f.engine.script = {{fault::unknown_lost, 0}};
  a->write({put("/a", "1")}, write_class::commit, got.at(1));
  a->write({put("/a", "2")}, write_class::commit, got.at(2));
  f.store->stop();
  f.open("g/b")->write({put("/b", "1")}, write_class::commit, got.at(3));
  f.run_all();
  CAF_CHECK(got.are({{2, write_result::not_written}, {3, write_result::not_written}, {1, write_result::fenced}}));
  CAF_CHECK_EQUAL(f.fenced_calls, 0);
}

CAF_TEST(owners spread over the shards and one taken fence stops them all) {
  shard_fixture f;
  node_identity self{f.incarnation, 1, 1, {}, {}, {}};
  for (std::uint32_t i = 0; i < 4; ++i) {
    fence own{f.incarnation, 1, 0, id_of(static_cast<std::uint8_t>(20 + i)), {}};
    self.shards.push_back(own);
    f.engine.entries[fence_path(f.incarnation, i)] = {fence_path(f.incarnation, i), encode(own), {}, {}};
  }
  f.store = std::make_unique<session_store>(f.engine, self, f.options);
  answers got;
  std::vector<std::shared_ptr<session>> sessions;
  for (int i = 0; i < 32; ++i) {
    sessions.push_back(f.open("g/" + std::to_string(i)));
    sessions.back()->write({put("/" + std::to_string(i), "")}, write_class::commit, got.at(i));
  }
  f.run_all();
  CAF_CHECK_EQUAL(got.seen.size(), 32u);
  for (std::uint32_t i = 0; i < 4; ++i)
    CAF_CHECK(decode_fence(*f.engine.content(fence_path(f.incarnation, i)))->seq > 0);
  f.take_over();  // shard 0
  answers after;
  for (int i = 0; i < 32; ++i) {
    sessions[static_cast<std::size_t>(i)]->write({put("/x", "")}, write_class::commit, after.at(i));
    f.run_all();
  }
  CAF_CHECK(after.seen.back().second == write_result::fenced);
  CAF_CHECK_EQUAL(f.fenced_calls, 1);
}
