#define CAF_SUITE segments_threads
#include "tests/smq/segments/segments_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <thread>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

/// Answers chunk reads from two threads, so that an answer may come while the call is still returning.
class threaded_chunks final : public chunk_port {
 public:
  explicit threaded_chunks(segments_memory_engine& store) : store_(store) {
    for (auto& w : workers_) w = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }

  void put(std::vector<shared_bytes>, time_point, completion<result<chunk_id>> done) override { done({}); }

  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
           completion<result<shared_bytes>> done) override {
    std::lock_guard lock{mutex_};
    jobs_.push_back([=, this, done = std::move(done)] { store_.get(id, position, count, deadline, done); });
    wake_.notify_one();
  }

 private:
  void work(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (wake_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }

  segments_memory_engine& store_;
  std::mutex mutex_;  // guards jobs_
  std::condition_variable_any wake_;
  std::deque<std::function<void()>> jobs_;
  std::array<std::jthread, 2> workers_;
};

}  // namespace

CAF_TEST(answers of other threads are taken one after the other) {
  stored_log s;
  s.options.max_chunks_per_segment = 7;
  for (int i = 0; i < 2000; ++i) s.append_one(1, (i + 1) * 1000);
  std::promise<result<std::vector<shared_bytes>>> finished;
  threaded_chunks chunks{s.store};
  read_log({chunks, s.store}, make_view(s.log, place, 0, s.log.next_offset, SIZE_MAX), 0, SIZE_MAX, {}, nullptr,
           [&](result<std::vector<shared_bytes>> read) { finished.set_value(std::move(read)); });
  auto answer = finished.get_future();
  CAF_REQUIRE(answer.wait_for(std::chrono::seconds{60}) == std::future_status::ready);
  const auto read = answer.get();
  CAF_CHECK(read.is_ok());
  CAF_CHECK(read.value == s.written);
}
