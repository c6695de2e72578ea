#define CAF_SUITE killed_filer
// Sessions over a SeaweedFS that is killed and started again, or stopped for a while, as they write.
#include "actors/store/store_timer.hpp"
#include "smq/fencing/session_store.hpp"
#include "smq/seaweedmq/engine.hpp"
#include "tests/smq/seaweedmq/weed_server.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

const std::string root = "/topics/.tidegate/killed";
constexpr int owner_count = 6;
constexpr int units_at_once = 3;  // of one owner: more than one unit in a window

void wait_a_little(std::chrono::milliseconds time = std::chrono::milliseconds{10}) {
  std::promise<void> never;
  never.get_future().wait_for(time);
}

/// One owner: writes numbered units, three at a time, and opens a new session whenever it is told to look again.
class writer {
 public:
  struct unit {
    write_result answer;
    std::optional<bool> was_there;  // after a reload: what the owner found, which may never change again
    std::optional<chunk_ref> chunk;
  };

  writer(const blocking& store, session_store& sessions, int number, std::atomic<int>& stored)
    : store_(store), sessions_(sessions), number_(number), stored_(stored) {}

  void run(const std::atomic<bool>& stop) {
    while (!stop) {
      auto mine = wait_for<std::shared_ptr<session>>([&](auto done) { sessions_.open(owner(), std::move(done)); });
      look_again();
      while (!stop && write_some(*mine)) continue;
      std::promise<void> settled;
      mine->close([&] { settled.set_value(); });
      settled.get_future().wait();
    }
    look_again();
  }

  /// Counts what is not as it was answered.
  [[nodiscard]] int wrong() const {
    int count = 0;
    int last_stored = -1;
    for (std::size_t i = 0; i < units_.size(); ++i) {
      const auto& u = units_[i];
      const bool is_there = exists(i) && has_its_chunk(i);
      const bool right = u.answer == write_result::stored   ? is_there
                         : u.answer == write_result::reload ? u.was_there == is_there
                                                            : u.answer == write_result::not_written && !is_there;
      if (!right) CAF_MESSAGE(path(i) << " " << static_cast<int>(u.answer) << " is there: " << is_there);
      count += right ? 0 : 1;
      if (u.answer == write_result::stored) last_stored = static_cast<int>(i);
    }
    const auto last = store_.get(root + "/last/" + std::to_string(number_));
    if (last_stored >= 0 && (!last.is_ok() || std::stoi(last.value.content) < last_stored)) ++count;
    return count;
  }

  [[nodiscard]] int answered(write_result code) const {
    return static_cast<int>(std::count_if(units_.begin(), units_.end(), [&](auto& u) { return u.answer == code; }));
  }

 private:
  [[nodiscard]] std::string owner() const { return "g/" + std::to_string(number_); }
  [[nodiscard]] std::string path(std::size_t i) const {
    return root + "/units/" + std::to_string(number_) + "-" + std::to_string(i);
  }

  /// Reads until the filer answers.
  [[nodiscard]] bool exists(std::size_t i) const {
    for (;;) {
      const auto found = store_.get(path(i));
      if (found.is_ok()) return true;
      if (found.what.code == status::absent) return false;
      wait_a_little();
    }
  }

  /// A unit without a chunk has what it needs.
  [[nodiscard]] bool has_its_chunk(std::size_t i) const {
    const auto& chunk = units_[i].chunk;
    if (!chunk) return true;
    const auto bytes = store_.get_chunk(chunk->id, 0, chunk->size);
    return bytes.is_ok() && as_text(bytes.value.view()) == "chunk " + std::to_string(i);
  }

  /// Every other unit appends: it names a chunk that was put before.
  [[nodiscard]] std::optional<chunk_ref> put_chunk(std::size_t index) const {
    if (index % 2 == 0) return std::nullopt;
    const auto bytes = "chunk " + std::to_string(index);
    const auto put = store_.put_chunk(bytes);
    return put.is_ok() ? std::optional{chunk_ref{put.value, 0, bytes.size(), 1}} : std::nullopt;
  }

  void look_again() {
    for (std::size_t i = 0; i < units_.size(); ++i)
      if (units_[i].answer == write_result::reload && !units_[i].was_there) units_[i].was_there = exists(i);
  }

  bool write_some(session& mine) {
    std::vector<std::future<write_answer>> answers;
    std::vector<std::optional<chunk_ref>> chunks;
    for (int i = 0; i < units_at_once; ++i) {
      const auto index = units_.size() + static_cast<std::size_t>(i);
      const auto text = std::to_string(index);
      chunks.push_back(put_chunk(index));
      auto file = put(path(index), text);
      if (chunks.back()) file.target.chunks = {*chunks.back()};
      auto promise = std::make_shared<std::promise<write_answer>>();
      answers.push_back(promise->get_future());
      mine.write({file, put(root + "/last/" + std::to_string(number_), text)}, write_class::commit,
                 [promise](write_answer a) { promise->set_value(std::move(a)); });
    }
    bool all_stored = true;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      units_.push_back({answers[i].get().code, std::nullopt, chunks[i]});
      const bool is_stored = units_.back().answer == write_result::stored;
      if (is_stored) ++stored_;
      all_stored = all_stored && is_stored;
    }
    return all_stored;
  }

  const blocking& store_;
  session_store& sessions_;
  const int number_;
  std::atomic<int>& stored_;
  std::vector<unit> units_;
};

int rounds() {
  const auto* given = std::getenv("TIDEGATE_KILL_ROUNDS");
  return given != nullptr ? std::atoi(given) : 3;
}

/// Waits until `more` units were stored after now.
bool wait_for_writes(const std::atomic<int>& stored, int more) {
  const int goal = stored + more;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (stored < goal) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    wait_a_little();
  }
  return true;
}

constexpr std::chrono::milliseconds port_timeout{1000};

/// Killed and started, or stopped for longer than a call waits: then it applies late what was in doubt by then.
void harm(weed_server& weed, bool kills) {
  if (!kills) {
    weed.pause();
    wait_a_little(port_timeout + std::chrono::milliseconds{200});
    weed.resume();
    return;
  }
  weed.kill();
  weed.start();
}

/// `max_attempts`: of one transaction; 1 makes its shard give up, and burn it, as soon as it is in doubt.
void write_and_harm(int max_attempts) {
  weed_server weed;
  seaweedmq::options cluster;
  cluster.masters = {weed.master_address()};
  const auto opened = seaweedmq::open(cluster, soon());
  if (!opened.store) CAF_FAIL(opened.error);
  auto& entries = opened.store->ports().entries;
  const blocking store{opened.store->ports()};
  actors::store_timer timers;
  node_options start;
  start.shard_count = 2;  // owners share windows
  const auto random = system_uuid_source();
  const auto self = start_node(entries, start, random(), random);
  CAF_REQUIRE(self.is_ok());
  shard_options wanted;
  wanted.max_window_mutations = seaweedmq::max_window_mutations;
  wanted.max_window_bytes = seaweedmq::max_window_bytes;
  wanted.port_timeout = port_timeout;
  wanted.max_attempts = max_attempts;
  wanted.after = timers.run_after();
  session_store sessions{entries, self.value, wanted};

  std::atomic<bool> stop{false};
  std::atomic<int> stored{0};
  std::vector<writer> writers;
  for (int i = 0; i < owner_count; ++i) writers.emplace_back(store, sessions, i, stored);
  std::vector<std::thread> threads;
  for (auto& w : writers) threads.emplace_back([&] { w.run(stop); });
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937 chance{seed};
  bool alive = true;
  for (int round = 0; alive && round < rounds(); ++round) {
    alive = wait_for_writes(stored, 20 + static_cast<int>(chance() % 200));
    harm(weed, round % 2 == 0);
  }
  alive = alive && wait_for_writes(stored, 50);
  stop = true;
  for (auto& t : threads) t.join();
  CAF_CHECK(alive);
  CAF_CHECK(!sessions.is_fenced());
  int reloads = 0;
  for (const auto& w : writers) {
    CAF_CHECK_EQUAL(w.wrong(), 0);
    CAF_CHECK_EQUAL(w.answered(write_result::refused) + w.answered(write_result::fenced), 0);
    reloads += w.answered(write_result::reload);
  }
  CAF_MESSAGE(stored.load() << " units stored, " << reloads << " to be looked at again");
  sessions.stop();
}

}  // namespace

CAF_TEST(acknowledged units survive a kill and what was given up never comes back) { write_and_harm(1); }

CAF_TEST(acknowledged units survive a kill and what was in doubt is sent again) { write_and_harm(4); }
