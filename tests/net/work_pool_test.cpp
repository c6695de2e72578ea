#define CAF_SUITE work_pool
#include "net/work_pool.hpp"
#include "tests/net/loopback.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "caf/test/unit_test.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <set>
#include <thread>

using namespace tidegate::net;
using namespace std::chrono_literals;

namespace {

/// Submits functions, which know their thread.
struct fixture {
  using action = std::function<void(std::size_t thread)>;

  std::unique_ptr<work_pool> pool;

  void start(std::size_t threads) { pool = std::make_unique<work_pool>(threads); }

  bool submit(action what) {
    auto* owned = new action(std::move(what));
    if (pool->submit({&fixture::run, this, owned})) return true;
    delete owned;
    return false;
  }

  /// Somewhere on the pool two jobs are submitted, one of which must be done before that ends.
  void bring_two_and_wait(const std::function<void(std::function<void()>)>& start_on_pool) {
    std::promise<bool> end;
    start_on_pool([&] {
      std::promise<void> one;
      auto is_done = one.get_future();
      auto left = std::make_shared<std::atomic<int>>(2);
      for (int i = 0; i < 2; ++i) submit([&one, left](std::size_t) { if (left->fetch_sub(1) == 2) one.set_value(); });
      end.set_value(is_done.wait_for(10s) == std::future_status::ready);
    });
    CAF_CHECK(end.get_future().get());
  }

  static void run(void*, void* what, std::size_t thread) {
    const std::unique_ptr<action> owned{static_cast<action*>(what)};
    (*owned)(thread);
  }
};

bool comes(std::future<void> event) { return event.wait_for(10s) == std::future_status::ready; }

}  // namespace

CAF_TEST_FIXTURE_SCOPE(work_pool_tests, fixture)

CAF_TEST(jobs are done once and on one thread in their order) {
  start(1);
  std::vector<int> done;
  for (int i = 0; i < 1000; ++i) submit([&, i](std::size_t) { done.push_back(i); });
  pool->stop();
  CAF_REQUIRE_EQUAL(done.size(), 1000U);
  CAF_CHECK(std::is_sorted(done.begin(), done.end()));
}

CAF_TEST(a job behind one that takes long gets another thread) {
  start(2);
  std::promise<void> second;
  auto is_done = second.get_future();
  std::atomic<bool> in_time{false};
  submit([&](std::size_t) { in_time = is_done.wait_for(10s) == std::future_status::ready; });
  submit([&](std::size_t) { second.set_value(); });
  pool->stop();
  CAF_CHECK(in_time);
}

CAF_TEST(of two jobs that a job brings another thread takes one) {
  start(2);
  bring_two_and_wait([&](auto what) { submit([what](std::size_t) { what(); }); });
}

CAF_TEST(of two jobs that an event brings another thread takes one) {
  start(2);
  for (std::size_t i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(1ms);  // both sleep, and twice in a row it is the one that fell asleep last
    bring_two_and_wait([&](auto what) { boost::asio::post(pool->context(i / 2 % 2), what); });
  }
}

// A thread that is just about to sleep may come first, so not every time.
CAF_TEST(a job that a job brings stays on its thread) {
  start(4);
  bool stayed = false;
  for (int i = 0; i < 20 && !stayed; ++i) {
    std::set<std::size_t> threads;
    std::promise<void> end;
    std::function<void(int, std::size_t)> next = [&](int left, std::size_t thread) {
      threads.insert(thread);  // one job after the other
      if (left == 0) return end.set_value();
      submit([&, left](std::size_t here) { next(left - 1, here); });
    };
    std::this_thread::sleep_for(20ms);
    submit([&](std::size_t thread) { next(1000, thread); });
    CAF_REQUIRE(comes(end.get_future()));
    stayed = threads.size() == 1;
  }
  CAF_CHECK(stayed);
}

CAF_TEST(events have their turn among jobs that never end) {
  start(1);
  std::atomic<bool> goes_on{true};
  std::function<void(std::size_t)> again = [&](std::size_t) {
    if (goes_on) submit(again);
  };
  submit(again);
  for (int i = 0; i < 3; ++i) {
    std::promise<void> event;
    auto came = event.get_future();
    boost::asio::post(pool->context(0), [&] { event.set_value(); });
    CAF_CHECK(comes(std::move(came)));
  }
  goes_on = false;
  pool->stop();
}

CAF_TEST(jobs have their turn among events that never end) {
  start(1);
  std::atomic<bool> goes_on{true};
  std::function<void()> again = [&] {
    if (goes_on) boost::asio::post(pool->context(0), again);
  };
  boost::asio::post(pool->context(0), again);
  for (int i = 0; i < 3; ++i) {
    std::promise<void> job;
    submit([&](std::size_t) { job.set_value(); });
    CAF_CHECK(comes(job.get_future()));
  }
  goes_on = false;
  pool->stop();
}

CAF_TEST(handlers run on the thread of their context) {
  start(3);
  for (std::size_t i = 0; i < 3; ++i) {
    std::promise<std::thread::id> first;
    std::promise<std::thread::id> second;
    boost::asio::post(pool->context(i), [&] { first.set_value(std::this_thread::get_id()); });
    boost::asio::post(pool->context(i), [&] { second.set_value(std::this_thread::get_id()); });
    CAF_CHECK(first.get_future().get() == second.get_future().get());
  }
}

// A wake-up that gets lost would hang here: threads go to sleep all the time while others submit.
CAF_TEST(no job is forgotten) {
  start(3);
  constexpr int rounds = 20000;
  std::latch all{4 * rounds};
  std::vector<std::thread> strangers;
  for (int t = 0; t < 2; ++t) {
    strangers.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        submit([&](std::size_t) {
          submit([&](std::size_t) { all.count_down(); });
          all.count_down();
        });
        if (i % 16 == 0) std::this_thread::sleep_for(20us);
      }
    });
  }
  for (auto& one : strangers) one.join();
  all.wait();
  pool->stop();
}

CAF_TEST(an ended pool takes no job) {
  start(2);
  pool->stop();
  CAF_CHECK(!submit([](std::size_t) {}));
  CAF_CHECK(pool->stop().empty());
}

CAF_TEST(a server stops among jobs of its pool and the pool goes on) {
  test::recorder seen;
  seen.answer = test::echo;
  server_options options;
  options.pool = std::make_shared<work_pool>(2);
  struct endless_job {
    static void run(void* self, void* pool, std::size_t) {
      auto& me = *static_cast<endless_job*>(self);
      ++me.runs;
      if (me.goes_on) static_cast<work_pool*>(pool)->submit({&run, self, pool});
    }
    std::atomic<bool> goes_on{true};
    std::atomic<int> runs{0};
  } job;
  for (int i = 0; i < 4; ++i) options.pool->submit({&endless_job::run, &job, options.pool.get()});
  for (int round = 0; round < 3; ++round) {
    auto server = test::serve(seen, options);
    std::vector<std::unique_ptr<test::client>> clients;
    for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<test::client>(server->port()));
    for (auto& one : clients) {
      one->write(test::framed("x"));
      CAF_CHECK_EQUAL(one->read(5), test::framed("x"));
    }
    server->stop();
    for (auto& one : clients) CAF_CHECK(one->sees_close());
  }
  const int before = job.runs;
  for (int i = 0; i < 10000 && job.runs == before; ++i) std::this_thread::sleep_for(1ms);
  CAF_CHECK(job.runs > before);
  job.goes_on = false;
  options.pool->stop();
}

CAF_TEST_FIXTURE_SCOPE_END()
