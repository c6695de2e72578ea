#pragma once

#include "smq/ports.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

/// A store as bad as a real one may be: around any engine, from a seed.
namespace tidegate::smq::testing {

/// Probabilities, 0 to 1; at most one of them hits a call, in this order.
struct faults {
  std::uint64_t seed = 1;
  double partial = 0.05;              // a prefix applies; answer: partial
  double unknown_prefix = 0.05;       // a prefix applies; answer: unknown
  double unknown_applied = 0.05;      // everything applies; answer: unknown
  double unknown_lost = 0.05;         // nothing applies; answer: unknown
  double late = 0.05;                 // answer: unknown; the transaction is sent after later calls, or never
  double duplicate = 0.05;            // answered as it is, and sent a second time after later calls
  double refused = 0.0;               // nothing applies; answer: refused
  double read_unknown = 0.05;         // get, get_many, list, and put of a chunk
  double late_never = 0.3;            // of the late ones
  std::size_t max_delayed_calls = 8;  // a late transaction is sent after 1 to so many later calls
};

/// Without `own_thread`, a held-back transaction is sent inside later calls or by settle(), in the caller's thread: a
/// run is a function of the seed when the inner engine is. With it, a thread sends them after up to 3 ms, and answers
/// are delayed as well. Thread: any.
class faulty_engine final : public chunk_port, public entry_port {
 public:
  faulty_engine(engine inner, faults wanted, bool own_thread = false)
    : inner_(inner), faults_(wanted), random_(wanted.seed), own_thread_(own_thread) {
    if (own_thread_) thread_ = std::thread{[this] { run(); }};
  }

  ~faulty_engine() override {
    if (!own_thread_) return;
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  faulty_engine(const faulty_engine&) = delete;
  faulty_engine& operator=(const faulty_engine&) = delete;

  [[nodiscard]] engine ports() { return {*this, *this}; }

  /// From now on every call goes straight through; what is held back stays so until settle().
  void heal() {
    const std::lock_guard lock{mutex_};
    healed_ = true;
  }

  /// Sends everything that is held back now.
  void settle() {
    for (auto& late : take(true)) late();
  }

  void put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) override {
    tick();
    if (hit(faults_.read_unknown)) return answer(std::move(done), result<chunk_id>{lost(), {}});
    inner_.chunks.put(std::move(parts), deadline, delayed(std::move(done)));
  }

  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
           completion<result<shared_bytes>> done) override {
    tick();
    if (hit(faults_.read_unknown)) return answer(std::move(done), result<shared_bytes>{lost(), {}});
    inner_.chunks.get(id, position, count, deadline, delayed(std::move(done)));
  }

  void get(const std::string& path, time_point deadline, completion<result<entry>> done) override {
    tick();
    if (hit(faults_.read_unknown)) return answer(std::move(done), result<entry>{lost(), {}});
    inner_.entries.get(path, deadline, delayed(std::move(done)));
  }

  void get_many(std::vector<std::string> paths, time_point deadline,
                completion<result<std::vector<result<entry>>>> done) override {
    tick();
    if (hit(faults_.read_unknown)) return answer(std::move(done), result<std::vector<result<entry>>>{lost(), {}});
    inner_.entries.get_many(std::move(paths), deadline, delayed(std::move(done)));
  }

  void list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
            time_point deadline, completion<result<list_page>> done) override {
    tick();
    if (hit(faults_.read_unknown)) return answer(std::move(done), result<list_page>{lost(), {}});
    inner_.entries.list(directory, after, limit, with_chunks, deadline, delayed(std::move(done)));
  }

  void transact(guard condition, mutation_list mutations, time_point deadline,
                completion<outcome> done) override {
    tick();
    auto d = draw();
    const auto next = [&](double p) { return (d -= p) < 0; };
    if (next(faults_.partial))
      return prefix(std::move(condition), mutations, deadline, true, std::move(done));
    if (next(faults_.unknown_prefix)) {
      return prefix(std::move(condition), mutations, deadline, false, std::move(done));
    }
    if (next(faults_.unknown_applied)) {
      done = [done = delayed(std::move(done))](const outcome&) { done(lost()); };
    } else if (next(faults_.unknown_lost)) {
      return answer(std::move(done), lost());
    } else if (next(faults_.late)) {
      if (!hit(faults_.late_never)) hold_back(std::move(condition), std::move(mutations));
      return answer(std::move(done), lost());
    } else if (next(faults_.duplicate)) {
      hold_back(condition, mutations);
    } else if (next(faults_.refused)) {
      return answer(std::move(done), outcome{status::refused, "injected", 0});
    }
    inner_.entries.transact(std::move(condition), std::move(mutations), deadline, delayed(std::move(done)));
  }

  void remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) override {
    tick();
    if (hit(faults_.unknown_lost)) return answer(std::move(done), lost());
    inner_.entries.remove_tree(directory, deadline, delayed(std::move(done)));
  }

 private:
  struct held {
    std::size_t calls_left;
    std::chrono::steady_clock::time_point due;
    std::function<void()> send;
  };

  static outcome lost() { return {status::unknown, "injected", 0}; }
  static time_point far() { return std::chrono::steady_clock::now() + std::chrono::minutes{1}; }

  /// 0 to 1; 2 (never below a probability) once healed.
  double draw() {
    const std::lock_guard lock{mutex_};
    return healed_ ? 1e9 : std::uniform_real_distribution<>{0, 1}(random_);
  }
  bool hit(double probability) { return draw() < probability; }
  std::size_t below(std::size_t bound) {
    const std::lock_guard lock{mutex_};
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_);
  }

  /// The mutations before a random one, under the same guard; the last mutation never applies.
  void prefix(guard condition, const mutation_list& all, time_point deadline, bool says_so, completion<outcome> done) {
    const auto count = all.size() == 0 ? 0 : below(all.size());
    std::vector<mutation> mutations{all.begin(), std::next(all.begin(), static_cast<std::ptrdiff_t>(count))};
    auto after = [count, says_so, done = delayed(std::move(done))](const outcome& o) {
      if (says_so && !o.is_ok()) return done(o);
      done(says_so ? outcome{status::partial, "injected", count} : lost());
    };
    inner_.entries.transact(std::move(condition), std::move(mutations), deadline, std::move(after));
  }

  void hold_back(guard condition, mutation_list mutations) {
    auto send = [this, condition = std::move(condition), mutations = std::move(mutations)] {
      inner_.entries.transact(condition, mutations, far(), [](const outcome&) {});
    };
    schedule(1 + below(faults_.max_delayed_calls), std::move(send));
  }

  void schedule(std::size_t calls, std::function<void()> send) {
    const auto due = std::chrono::steady_clock::now() + std::chrono::microseconds{1 + below(3000)};
    const std::lock_guard lock{mutex_};
    held_.push_back({calls, due, std::move(send)});
    changed_.notify_all();
  }

  template <class T>
  void answer(completion<T> done, T value) {
    delayed(std::move(done))(std::move(value));
  }

  /// With a thread of its own, half of the answers come later.
  template <class T>
  completion<T> delayed(completion<T> done) {
    if (!own_thread_ || !hit(0.5)) return done;
    return [this, done = std::move(done)](T value) { schedule(0, [done, value = std::move(value)] { done(value); }); };
  }

  void tick() {
    if (own_thread_) return;
    for (auto& late : take(false)) late();
  }

  std::vector<std::function<void()>> take(bool all) {
    const std::lock_guard lock{mutex_};
    std::vector<std::function<void()>> due;
    const auto now = std::chrono::steady_clock::now();
    for (auto it = held_.begin(); it != held_.end();) {
      const bool is_due = own_thread_ ? it->due <= now : it->calls_left <= 1;
      if (all || is_due) {
        due.push_back(std::move(it->send));
        it = held_.erase(it);
      } else {
        if (!own_thread_) --it->calls_left;
        ++it;
      }
    }
    return due;
  }

  void run() {
    std::unique_lock lock{mutex_};
    while (true) {
      changed_.wait_for(lock, std::chrono::milliseconds{1}, [&] { return stopping_; });
      const bool last = stopping_;
      lock.unlock();
      for (auto& late : take(last)) late();
      lock.lock();
      if (last && held_.empty()) return;
    }
  }

  engine inner_;
  const faults faults_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::mt19937_64 random_;
  std::deque<held> held_;
  bool healed_ = false;
  bool stopping_ = false;
  const bool own_thread_;
  std::thread thread_;
};

}  // namespace tidegate::smq::testing
