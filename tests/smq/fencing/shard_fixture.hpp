#pragma once

#include "smq/fencing/session_store.hpp"
#include "tests/smq/fencing/memory_engine.hpp"

namespace tidegate::smq::test {

/// One shard of incarnation 01…, its engine and its timers, all run by the test.
struct shard_fixture {
  memory_engine engine;
  std::deque<std::function<void()>> timers;
  int fenced_calls = 0;
  std::optional<fence_loss> loss;
  uuid incarnation = id_of(1);
  std::string path = fence_path(incarnation, 0);
  shard_options options = make_options();
  std::unique_ptr<session_store> store = make_store();

  shard_options make_options() {
    shard_options o;
    o.random = counting_uuids();
    o.after = [this](std::chrono::milliseconds, std::function<void()> run) { timers.push_back(std::move(run)); };
    o.now = [] { return time_point{}; };
    o.on_fenced = [this](fence_loss why) {
      ++fenced_calls;
      loss = why;
    };
    return o;
  }

  std::unique_ptr<session_store> make_store() {
    fence first{incarnation, 1, 0, id_of(9), {}};
    engine.entries[path] = {path, encode(first), {}, {}};
    return std::make_unique<session_store>(engine, node_identity{incarnation, 1, 1, {}, {first}, {}}, options);
  }

  bool run_timer() {
    if (timers.empty()) return false;
    auto run = std::move(timers.front());
    timers.pop_front();
    run();
    return true;
  }

  void run_all() {
    while (engine.run_one() || run_timer()) continue;
  }

  std::shared_ptr<session> open(const std::string& owner) {
    std::shared_ptr<session> opened;
    store->open(owner, [&](std::shared_ptr<session> s) { opened = std::move(s); });
    return opened;
  }

  /// As another node does: the first `previous` is kept.
  void take_over() {
    auto old = engine.entries[path].content;
    fence taken{id_of(2), 2, 0, id_of(77), old};
    engine.entries[path].content = encode(taken);
  }

  fence stored_fence() { return *decode_fence(*engine.content(path)); }
};

/// The answers of units, by the order of their arrival.
struct answers {
  std::vector<std::pair<int, write_result>> seen;

  completion<write_answer> at(int unit) {
    return [this, unit](const write_answer& a) { seen.emplace_back(unit, a.code); };
  }

  [[nodiscard]] bool are(const std::vector<std::pair<int, write_result>>& expected) const { return seen == expected; }
};

}  // namespace tidegate::smq::test
