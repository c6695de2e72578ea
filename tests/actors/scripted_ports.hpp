#pragma once

#include "tests/smq/test_engine.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::test {

enum class fault { none, applied_but_unknown, prefix_but_unknown, lost, partial, refused, held };

/// A store that fails when told so. Only transactions that carry something besides the fence are failed, so that a
/// given-up window can be burned.
class scripted_ports final : public smq::chunk_port, public smq::entry_port {
 public:
  explicit scripted_ports(smq::engine inner) : inner_(inner) {}

  [[nodiscard]] smq::engine ports() { return {*this, *this}; }

  /// The next transactions meet these, in order.
  void script(std::initializer_list<fault> next) {
    std::lock_guard lock(mutex_);
    script_.insert(script_.end(), next);
  }

  void release() {
    std::deque<std::function<void()>> held;
    {
      std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (auto& send : held) send();
  }

  [[nodiscard]] std::size_t held_count() {
    std::lock_guard lock(mutex_);
    return held_.size();
  }

  /// Of all reads of chunks, without repeats.
  [[nodiscard]] std::set<smq::time_point> chunk_deadlines() {
    std::lock_guard lock(mutex_);
    return chunk_deadlines_;
  }

  [[nodiscard]] std::vector<smq::time_point> removal_deadlines() {
    std::lock_guard lock(mutex_);
    return removal_deadlines_;
  }

  std::atomic<int> put_throws{0};    // so many puts throw inside the caller: an actor crashes
  std::atomic<int> put_refuses{0};
  std::atomic<int> puts_stall{0};  // so many are not begun before release()
  std::atomic<int> puts{0};
  std::atomic<int> reads_fail{0};
  std::atomic<int> reads_fail_behind_script{0};  // so many, once the last transaction of the script was sent
  std::string why_reads_fail = "injected";  // set while nothing reads
  std::atomic<int> reads_stall{0};  // so many reads of chunks are not answered before release()
  std::atomic<int> chunk_reads{0};
  std::atomic<int> lists{0};
  std::atomic<int> many_reads{0};  // get_many
  std::atomic<int> many_reads_stall{0};  // the answers to so many of them, once they are read
  std::function<bool(int number)> chunk_read_fails;  // of the reads so far; set while nothing reads
  std::atomic<int> removals_fail{0};
  std::atomic<int> positions_fail{0};
  std::atomic<bool> holds_erasures{false};  // the answers to transactions that erase something, once they are applied
  std::atomic<bool> holds_reads{false};     // of chunks
  std::atomic<bool> goes_away_applying{false};  // the next transaction of one entry is applied, and then it is away
  std::atomic<bool> is_away{false};             // entries are neither read nor written, and nobody is told why

  void put(std::vector<shared_bytes> parts, smq::time_point deadline,
           smq::completion<smq::result<smq::chunk_id>> done) override {
    if (takes(put_throws)) throw std::runtime_error("injected");
    ++puts;
    if (takes(put_refuses)) return done({{smq::status::refused, "injected", 0}, {}});
    if (takes(puts_stall)) {
      return hold([this, parts = std::move(parts), done = std::move(done)] {
        inner_.chunks.put(parts, smq::testing::soon(), done);
      });
    }
    inner_.chunks.put(std::move(parts), deadline, std::move(done));
  }
  void get(const smq::chunk_id& id, std::uint64_t position, std::uint64_t count, smq::time_point deadline,
           smq::completion<smq::result<shared_bytes>> done) override {
    const auto number = chunk_reads++;
    {
      std::lock_guard lock(mutex_);
      chunk_deadlines_.insert(deadline);
    }
    if (takes(reads_fail) || (chunk_read_fails && chunk_read_fails(number)))
      return done({{smq::status::unknown, why_reads_fail, 0}, {}});
    if (takes(reads_stall)) return hold([done = std::move(done)] { done({{smq::status::unknown, "stalled", 0}, {}}); });
    if (holds_reads) {
      return hold([this, id, position, count, done = std::move(done)] {
        inner_.chunks.get(id, position, count, smq::testing::soon(), done);
      });
    }
    inner_.chunks.get(id, position, count, deadline, std::move(done));
  }
  void note_release(const smq::chunk_id& id) {
    std::lock_guard lock(mutex_);
    released_.push_back(id);
  }
  std::vector<smq::chunk_id> released() {
    std::lock_guard lock(mutex_);
    return released_;
  }
  void get(const std::string& path, smq::time_point deadline, smq::completion<smq::result<smq::entry>> done) override {
    if (is_away) return done({{smq::status::unknown, "away", 0}, {}});
    inner_.entries.get(path, deadline, std::move(done));
  }
  void get_many(std::vector<std::string> paths, smq::time_point deadline,
                smq::completion<smq::result<std::vector<smq::result<smq::entry>>>> done) override {
    ++many_reads;
    if (takes(positions_fail) || is_away) return done({{smq::status::unknown, "injected", 0}, {}});
    if (takes(many_reads_stall)) {
      done = [this, done = std::move(done)](smq::result<std::vector<smq::result<smq::entry>>> found) {
        hold([done, found = std::move(found)] { done(found); });
      };
    }
    inner_.entries.get_many(std::move(paths), deadline, std::move(done));
  }
  void list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
            smq::time_point deadline, smq::completion<smq::result<smq::list_page>> done) override {
    ++lists;
    if (takes(reads_fail)) return done({{smq::status::unknown, why_reads_fail, 0}, {}});
    inner_.entries.list(directory, after, limit, with_chunks, deadline, std::move(done));
  }
  void remove_tree(const std::string& directory, smq::time_point deadline,
                   smq::completion<smq::outcome> done) override {
    {
      std::lock_guard lock(mutex_);
      removal_deadlines_.push_back(deadline);
    }
    if (takes(removals_fail)) return done({smq::status::unknown, "injected", 0});
    inner_.entries.remove_tree(directory, deadline, std::move(done));
  }

  void transact(smq::guard condition, smq::mutation_list mutations, smq::time_point deadline,
                smq::completion<smq::outcome> done) override {
    const smq::outcome lost{smq::status::unknown, "injected", 0};
    if (is_away) return done(lost);
    if (mutations.size() == 1 && goes_away_applying.exchange(false)) {
      is_away = true;
      return inner_.entries.transact(std::move(condition), std::move(mutations), deadline,
                                     [done, lost](const smq::outcome&) { done(lost); });
    }
    if (holds_erasures && erases_something(mutations)) {
      return inner_.entries.transact(std::move(condition), std::move(mutations), deadline,
                                     [this, done](const smq::outcome& what) { hold([done, what] { done(what); }); });
    }
    switch (next(mutations)) {
      case fault::none: break;
      case fault::lost: return done(lost);
      case fault::refused: return done({smq::status::refused, "injected", 0});
      case fault::applied_but_unknown:
        return inner_.entries.transact(std::move(condition), std::move(mutations), deadline,
                                       [done, lost](const smq::outcome&) { done(lost); });
      case fault::partial:
      case fault::prefix_but_unknown:
        return inner_.entries.transact(std::move(condition), without_last(mutations), deadline,
                                       [done, lost](const smq::outcome&) { done(lost); });
      case fault::held:
        return hold([this, condition, mutations, done] {
          inner_.entries.transact(condition, mutations, smq::testing::soon(), done);
        });
    }
    inner_.entries.transact(std::move(condition), std::move(mutations), deadline, std::move(done));
  }

 private:
  static bool takes(std::atomic<int>& count) {
    auto left = count.load();
    while (left > 0)
      if (count.compare_exchange_weak(left, left - 1)) return true;
    return false;
  }

  void hold(std::function<void()> later) {
    std::lock_guard lock(mutex_);
    held_.push_back(std::move(later));
  }

  static smq::mutation_list without_last(const smq::mutation_list& mutations) {
    std::vector<smq::mutation> rest{mutations.begin(), mutations.end()};
    rest.pop_back();
    return rest;
  }

  static bool erases_something(const smq::mutation_list& mutations) {
    return std::any_of(mutations.begin(), mutations.end(),
                       [](const smq::mutation& m) { return m.what == smq::mutation::kind::erase; });
  }

  fault next(const smq::mutation_list& mutations) {
    std::lock_guard lock(mutex_);
    if (script_.empty() || mutations.size() < 2) return fault::none;
    const auto f = script_.front();
    script_.pop_front();
    if (script_.empty()) reads_fail += reads_fail_behind_script.exchange(0);
    return f;
  }

  smq::engine inner_;
  std::mutex mutex_;  // guards what follows
  std::deque<fault> script_;
  std::deque<std::function<void()>> held_;
  std::set<smq::time_point> chunk_deadlines_;
  std::vector<smq::time_point> removal_deadlines_;
  std::vector<smq::chunk_id> released_;
};

}  // namespace tidegate::test
