#define CAF_SUITE pool_scheduler
#include "actors/runtime/pool_scheduler.hpp"
#include "net/work_pool.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "caf/test/unit_test.hpp"

#include <future>
#include <thread>

using namespace tidegate;
using namespace std::chrono_literals;

namespace {

struct settings : caf::actor_system_config {
  explicit settings(const std::shared_ptr<net::work_pool>& pool) {
    set("scheduler.max-throughput", std::size_t{10});
    actors::run_actors_on(pool, *this);
  }
};

struct fixture {
  std::shared_ptr<net::work_pool> pool;
  std::unique_ptr<settings> config;
  std::unique_ptr<caf::actor_system> system;

  void start(std::size_t threads) {
    pool = std::make_shared<net::work_pool>(threads);
    config = std::make_unique<settings>(pool);
    system = std::make_unique<caf::actor_system>(*config);
  }

  /// Answers with one more.
  caf::actor counter() {
    return system->spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int n) { return n + 1; }}; });
  }

  int ask(const caf::actor& whom, int n) {
    caf::scoped_actor self{*system};
    int answer = -1;
    self->request(whom, 10s, n).receive([&](int m) { answer = m; }, [](const caf::error&) {});
    return answer;
  }

  static void end(const caf::actor& one) { caf::anon_send_exit(one, caf::exit_reason::user_shutdown); }
};

}  // namespace

CAF_TEST_FIXTURE_SCOPE(pool_scheduler_tests, fixture)

CAF_TEST(actors answer and the system ends with its pool) {
  start(2);
  auto one = counter();
  CAF_CHECK_EQUAL(ask(one, 41), 42);
  end(one);
  one = nullptr;
  system.reset();
  CAF_CHECK(!pool->submit({[](void*, void*, std::size_t) {}, nullptr, nullptr}));
}

CAF_TEST(actors that have much to do share one thread with others and with its events) {
  start(1);
  std::atomic<bool> goes_on{true};
  auto busy = system->spawn([&](caf::event_based_actor* self) -> caf::behavior {
    for (int i = 0; i < 100; ++i) self->send(self, caf::unit);
    return {[self, &goes_on](caf::unit_t) {
      if (goes_on) self->send(self, caf::unit);
    }};
  });
  auto one = counter();
  CAF_CHECK_EQUAL(ask(one, 1), 2);
  std::promise<void> event;
  boost::asio::post(pool->context(0), [&] { event.set_value(); });
  CAF_CHECK(event.get_future().wait_for(10s) == std::future_status::ready);
  goes_on = false;
  end(busy);
  end(one);
  busy = one = nullptr;
  system.reset();  // they use what is on this stack
}

CAF_TEST(timers come) {
  start(2);
  std::promise<void> came;
  auto sleeper = system->spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, 20ms, caf::unit);
    return {[self, &came](caf::unit_t) {
      came.set_value();
      self->quit();
    }};
  });
  CAF_CHECK(came.get_future().wait_for(10s) == std::future_status::ready);
}

CAF_TEST(an actor that throws ends alone) {
  start(2);
  auto bad = system->spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->set_exception_handler([](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
    return {[](int) -> int { throw std::runtime_error("on purpose"); }};
  });
  auto good = counter();
  CAF_CHECK_EQUAL(ask(bad, 1), -1);
  CAF_CHECK_EQUAL(ask(good, 1), 2);
  end(good);
}

CAF_TEST(requests between actors and from other threads are all answered) {
  start(2);
  auto target = counter();
  std::atomic<int> answers{0};
  constexpr int each = 5000;
  std::vector<caf::actor> askers;
  for (int i = 0; i < 4; ++i) {
    askers.push_back(system->spawn([&answers, target](caf::event_based_actor* self) -> caf::behavior {
      return {[self, target, &answers](int n) {
        self->request(target, caf::infinite, n).then([&](int) { ++answers; });
      }};
    }));
  }
  std::vector<std::thread> strangers;
  for (auto& asker : askers) {
    strangers.emplace_back([&asker] {
      for (int i = 0; i < each; ++i) caf::anon_send(asker, i);
    });
  }
  for (auto& one : strangers) one.join();
  for (int i = 0; i < 10000 && answers < 4 * each; ++i) std::this_thread::sleep_for(1ms);
  CAF_CHECK_EQUAL(answers.load(), 4 * each);
  for (auto& one : askers) end(one);
  end(target);
  askers.clear();
  target = nullptr;
  system.reset();  // they use what is on this stack
}

CAF_TEST_FIXTURE_SCOPE_END()
