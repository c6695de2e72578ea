#define CAF_SUITE group_leases
// Who may write for a group, and what becomes of sessions that nobody waits for any more.
#include "tests/actors/groups_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;

namespace {

struct idle_session final : smq::session {
  void write(std::vector<smq::mutation>, smq::write_class, smq::completion<smq::write_answer> done) override {
    done({});
  }
  void close(std::function<void()> settled) override { settled(); }
};

/// Opens sessions when the test says so.
struct late_sessions final : smq::session_factory {
  void open(const std::string&, smq::completion<std::shared_ptr<smq::session>> done) override {
    waiting.push_back(std::move(done));
  }

  std::weak_ptr<smq::session> answer() {
    auto next = std::move(waiting.front());
    waiting.pop_front();
    auto opened = std::make_shared<idle_session>();
    std::weak_ptr<smq::session> given = opened;
    next(std::move(opened));
    return given;
  }

  std::deque<smq::completion<std::shared_ptr<smq::session>>> waiting;
};

struct fixture {
  node_fixture node;
  late_sessions sessions;
  std::shared_ptr<actors::smq_group_store> store;

  fixture() {
    const auto& of = *node.store;
    auto access = std::make_shared<actors::store_access>(actors::store_access{
      of.engine, sessions, of.topics, of.hints, of.index, of.release, of.random_uuid, of.incarnation, of.leader_epoch});
    store = std::make_shared<actors::smq_group_store>(access, actors::native_translation{});
  }

  std::uint64_t open() {
    return store->open("g", [](const actors::loaded_group&) {});
  }

  actors::group_write_answer::status write(std::uint64_t lease) {
    auto answer = std::make_shared<std::promise<actors::group_write_answer>>();
    actors::group_write unit;
    unit.lease = lease;
    unit.entry.emplace();
    unit.entry->group_id = "g";
    store->write("g", std::move(unit), [answer](auto a) { answer->set_value(std::move(a)); });
    return value_of(answer->get_future()).what;
  }
};

using enum actors::group_write_answer::status;

}  // namespace

CAF_TEST(an opening that was closed while it loaded leaves no session) {
  fixture f;
  const auto lease = f.open();
  f.store->close("g", lease);
  CAF_CHECK(f.sessions.answer().expired());
  CAF_CHECK(f.write(lease) == reload);
}

CAF_TEST(an opening keeps its session until it is closed) {
  fixture f;
  const auto lease = f.open();
  CAF_CHECK(f.write(lease) == reload);  // it is not open yet
  const auto session = f.sessions.answer();
  CAF_CHECK(!session.expired());
  CAF_CHECK(f.write(lease) == stored);
  f.store->close("g", lease + 1);  // somebody else's
  CAF_CHECK(f.write(lease) == stored);
  f.store->close("g", lease);
  CAF_CHECK(session.expired());
  CAF_CHECK(f.write(lease) == reload);
}

CAF_TEST(the next opening ends the one before also when that is opened later) {
  fixture f;
  const auto first = f.open();
  const auto second = f.open();
  CAF_CHECK(f.sessions.answer().expired());
  const auto session = f.sessions.answer();
  CAF_CHECK(!session.expired());
  CAF_CHECK(f.write(first) == reload);
  CAF_CHECK(f.write(second) == stored);
  f.store->close("g", first);
  CAF_CHECK(f.write(second) == stored);
  f.store->close("g", second);
  CAF_CHECK(session.expired());
}
