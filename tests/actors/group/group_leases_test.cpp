#define CAF_SUITE group_leases
// Who may write for a group and in which order, and what becomes of sessions that nobody waits for any more.
#include "smq/names.hpp"
#include "tests/actors/group/groups_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;

namespace {

struct noting_session final : smq::session {
  explicit noting_session(std::vector<smq::mutation>& into) : last_unit(into) {}

  void write(std::vector<smq::mutation> unit, smq::write_class, smq::completion<smq::write_answer> done) override {
    last_unit = std::move(unit);
    done({});
  }
  void close(std::function<void()> settled) override { settled(); }

  std::vector<smq::mutation>& last_unit;
};

/// Opens sessions when the test says so.
struct late_sessions final : smq::session_factory {
  void open(const std::string&, smq::completion<std::shared_ptr<smq::session>> done) override {
    waiting.push_back(std::move(done));
  }

  std::weak_ptr<smq::session> answer() {
    auto next = std::move(waiting.front());
    waiting.pop_front();
    auto opened = std::make_shared<noting_session>(last_unit);
    std::weak_ptr<smq::session> given = opened;
    next(std::move(opened));
    return given;
  }

  std::deque<smq::completion<std::shared_ptr<smq::session>>> waiting;
  std::vector<smq::mutation> last_unit;
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

  /// Besides the entry.
  actors::group_write_answer::status write(std::uint64_t lease, actors::group_write unit = {}) {
    auto answer = std::make_shared<std::promise<actors::group_write_answer>>();
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

CAF_TEST(a unit erases positions before the entry and puts others behind it) {
  fixture f;
  const auto topic = f.node.create("t", 2);
  const auto lease = f.open();
  const auto session = f.sessions.answer();
  actors::group_write unit;
  unit.erases = {{"t", topic->id, 1}};
  unit.puts = {{{"t", topic->id, 0}, {5, 0, "", 0}}};
  CAF_CHECK(f.write(lease, unit) == stored);
  const auto& written = f.sessions.last_unit;
  CAF_REQUIRE_EQUAL(written.size(), 3u);
  CAF_CHECK(written[0].what == smq::mutation::kind::erase);
  CAF_CHECK_EQUAL(written[0].target.path, smq::position_path(topic->directory_of(1), "g"));
  CAF_CHECK_EQUAL(written[1].target.path, smq::group_entry_path("g"));
  CAF_CHECK(written[2].what == smq::mutation::kind::put);
  CAF_CHECK_EQUAL(written[2].target.path, smq::position_path(topic->directory_of(0), "g"));
}
