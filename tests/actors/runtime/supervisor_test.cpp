#define CAF_SUITE supervisor
#include "actors/interfaces/message_types.hpp"
#include "actors/runtime/supervisor.hpp"

#include "caf/test/dsl.hpp"

using namespace tidegate;
using namespace std::chrono_literals;
using caf::deep_to_string;

namespace {

struct fixture : test_coordinator_fixture<> {
  std::map<std::string, std::vector<caf::actor>> started;
  std::vector<std::string> ended;
  std::vector<std::string> escalated;
  actors::supervisor_actor supervisor;
  bool ignores_shutdown = false;

  ~fixture() {
    if (supervisor) stop();
    supervisor = nullptr;
    for (auto& [name, all] : started)
      for (auto& a : all) caf::anon_send_exit(a, caf::exit_reason::kill);
    consume_messages();
  }

  actors::child_spec child(const std::string& name) {
    actors::child_spec spec;
    spec.name = name;
    spec.restarts = {2, 60s, 50ms, 5s};
    spec.start = [this, name] {
      auto a = sys.spawn([this, name](caf::event_based_actor* me) -> caf::behavior {
        me->attach_functor([this, name](const caf::error&) { ended.push_back(name); });
        if (ignores_shutdown) me->set_exit_handler([](caf::exit_msg&) {});
        return {[](caf::unit_t) {}};
      });
      started[name].push_back(a);
      return a;
    };
    return spec;
  }

  void start() {
    supervisor = actors::spawn_supervisor(sys, {child("a"), child("b"), child("c")},
                                          [this](const std::string& name) { escalated.push_back(name); });
    consume_messages();
  }

  std::weak_ptr<int> stop() {
    auto held = std::make_shared<int>(1);
    std::weak_ptr<int> watch = held;
    caf::anon_send(supervisor, msg::stop_children{std::move(held)});
    consume_messages();
    return watch;
  }

  void kill(const std::string& name) {
    caf::anon_send_exit(started[name].back(), caf::exit_reason::kill);
    consume_messages();
  }

  void pass(std::chrono::milliseconds time) {
    for (auto t = 0ms; t < time; t += 10ms) {
      advance_time(10ms);
      consume_messages();
    }
  }
};

}  // namespace

CAF_TEST_FIXTURE_SCOPE(supervisor_tests, fixture)

CAF_TEST(children are there when the supervisor is and one that ends comes back after its backoff) {
  supervisor = actors::spawn_supervisor(sys, {child("a"), child("b")}, [](const std::string&) {});
  CAF_CHECK_EQUAL(started.size(), 2u);
  consume_messages();
  kill("a");
  pass(40ms);
  CAF_CHECK_EQUAL(started["a"].size(), 1u);
  pass(20ms);
  CAF_CHECK_EQUAL(started["a"].size(), 2u);
  kill("a");
  pass(60ms);
  CAF_CHECK_EQUAL(started["a"].size(), 2u);  // twice the backoff
  pass(50ms);
  CAF_CHECK_EQUAL(started["a"].size(), 3u);
  CAF_CHECK_EQUAL(started["b"].size(), 1u);
}

CAF_TEST(a child that ends by itself comes back too) {
  start();
  caf::anon_send_exit(started["b"].back(), caf::exit_reason::user_shutdown);
  consume_messages();
  pass(60ms);
  CAF_CHECK_EQUAL(started["b"].size(), 2u);
}

CAF_TEST(more crashes than the limit within the window escalate and rare ones do not) {
  start();
  for (int i = 0; i < 5; ++i) {
    kill("a");
    pass(31s);
  }
  CAF_CHECK(escalated.empty());
  for (int i = 0; i < 3; ++i) {
    kill("b");
    pass(1s);
  }
  CAF_CHECK(escalated == std::vector<std::string>{"b"});
  pass(120s);
  CAF_CHECK_EQUAL(started["b"].size(), 3u);
}

CAF_TEST(a stop ends children in reverse order and starts none again) {
  start();
  kill("b");
  ended.clear();
  auto held = stop();
  CAF_CHECK(held.expired());
  CAF_CHECK(ended == std::vector<std::string>({"c", "a"}));
  pass(1s);
  CAF_CHECK_EQUAL(started["b"].size(), 1u);
}

CAF_TEST(a child that does not end in its grace is killed and only then the next one goes) {
  ignores_shutdown = true;
  start();
  auto held = stop();
  pass(1900ms);
  CAF_CHECK(ended.empty());
  CAF_CHECK(!held.expired());
  pass(200ms);
  CAF_CHECK(ended == std::vector<std::string>{"c"});
  pass(2000ms);
  CAF_CHECK(ended == std::vector<std::string>({"c", "b"}));
  CAF_CHECK(!held.expired());
  pass(2000ms);
  CAF_CHECK_EQUAL(deep_to_string(ended), R"(["c", "b", "a"])");
  CAF_CHECK(held.expired());
}

CAF_TEST_FIXTURE_SCOPE_END()
