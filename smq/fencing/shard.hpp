#pragma once

#include "smq/fencing/window.hpp"
#include "smq/ports.hpp"
#include "smq/session.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tidegate::smq {

/// Calls the function once, at least `delay` later, on any thread, never before it returns.
using run_after = std::function<void(std::chrono::milliseconds delay, std::function<void()>)>;

/// Why an incarnation is over.
enum class fence_loss : std::uint8_t {
  taken,    // by another node
  rewound,  // the store went back: it lost writes that it had acknowledged
  gone,     // nobody can tell which of the two
};

struct shard_options {
  std::size_t max_window_mutations = 4096;
  std::size_t max_window_bytes = 4U << 20U;
  std::uint64_t max_window_chunk_bytes = 4U << 20U;  // where chunks are stored with their window
  std::size_t max_queued_bytes = 64U << 20U;  // of mutations that wait; more is refused
  int max_attempts = 4;                       // of one transaction, before it is burned
  std::chrono::milliseconds port_timeout{5000};
  std::chrono::milliseconds first_backoff{10};  // doubles with every step that decided nothing
  std::chrono::milliseconds max_backoff{250};
  std::chrono::milliseconds look_every{0};  // at the fence of a shard without writes; 0: never
  uuid_source random = system_uuid_source();
  run_after after;  // must be set
  std::function<time_point()> now = [] { return std::chrono::steady_clock::now(); };
  std::function<void(fence_loss)> on_fenced = [](fence_loss) {};  // at most once; on any thread
};

/// One fence of this node and the queue of what waits to be written under it (design §5.2, §5.3). One transaction is
/// in flight at a time; it is either proven applied, or proven never to be applied, before the next one starts.
/// Thread-safe; completions run without the mutex, one after the other, and must not throw.
class shard : public std::enable_shared_from_this<shard> {
 public:
  /// `current`: what the entry at `path` holds now, written by this process. `entries` outlives the shard.
  static std::shared_ptr<shard> make(entry_port& entries, std::string path, fence current, shard_options options);

  /// Closes and settles the owner's session, then answers with the number of its new one.
  void open(const std::string& owner, completion<std::uint64_t> done);

  /// See session::write. A session that is not its owner's current one is answered not_written.
  void write(const std::string& owner, std::uint64_t number, std::vector<mutation> mutations, write_class priority,
             completion<write_answer> done);

  /// See session::close; also settles when the session was closed before.
  void close(const std::string& owner, std::uint64_t number, std::function<void()> settled);

  /// Drops what is not sent (not_written) and accepts nothing more. What is sent is still decided if the store answers
  /// at its next step; if not, it is answered `fenced`, because this incarnation must not write again.
  void stop();

  /// Answers everything that is not sent, and every later write, with `fenced`: another fence of this node is lost.
  void mark_fenced();

  [[nodiscard]] bool is_fenced() const;

  /// Reads the fence if no write is under way: the only way for a node without writes to learn that its fence is lost
  /// or that the store went back. Doubt changes nothing.
  void look();

  /// For how long the oldest write that was sent has been undecided; zero: none is. Takes no lock.
  [[nodiscard]] std::chrono::milliseconds undecided_for() const;

  /// Since the store last answered a write or a look; 0 where nobody looks. Who is cut off does not learn that another
  /// node took over.
  [[nodiscard]] std::chrono::milliseconds unanswered_for() const;

 private:
  struct owner_state {
    std::uint64_t number = 0;
    std::size_t queued = 0;
    std::size_t queued_bulk = 0;
  };

  shard(entry_port& entries, std::string path, fence current, shard_options options);

  template <class F>
  void locked(F change) noexcept;
  void later(std::function<void()> action) { actions_.push_back(std::move(action)); }
  void answer(write_unit& unit, write_result code, std::string reason);

  void drop_session(const std::string& owner, std::uint64_t number);
  void drop_all(write_result code, const std::string& reason);
  void when_settled(const std::string& owner, std::function<void()> settled);
  void fence_off(fence_loss why);

  void begin_window();
  struct filled {
    std::size_t mutations = 0;
    std::size_t bytes = 0;
    std::uint64_t chunk_bytes = 0;
  };
  bool fill_from(std::deque<write_unit>& queue, write_window& window, filled& so_far, bool ahead = false);
  [[nodiscard]] bool has_commits(const std::string& owner) const;
  void send();
  void on_sent(const outcome& what);
  void read_fence();
  void on_read(const result<entry>& what);
  void on_look(const std::string& last, const result<entry>& what);
  void try_again(void (shard::*step)());
  void burn();
  void on_refused(const std::string& reason);
  void on_partial(const outcome& what);
  void finish(verdict how);
  void finish_fenced(write_window& window, bool applied, fence_loss why, const std::string& reason);
  void end_window();
  fence next_fence(const fence& from) const;
  void renew_fence(write_window& window) const;

  entry_port& entries_;
  const std::string path_;
  const shard_options options_;

  std::atomic<time_point> window_began_{time_point::max()};  // max: no window
  std::atomic<time_point> answered_at_;                      // the last time that the store said anything
  mutable std::mutex mutex_;  // guards everything below
  fence current_;
  std::string current_content_;
  std::unordered_map<std::string, owner_state> owners_;
  std::uint64_t last_number_ = 0;
  std::deque<write_unit> alone_;  // from a refused window, oldest first: before all others
  std::deque<write_unit> commits_;
  std::deque<write_unit> bulk_;
  bool bulk_waited_ = false;  // some of it had no place in the last window
  std::size_t queued_bytes_ = 0;
  std::optional<write_window> window_;
  std::vector<std::function<void()>> settle_;  // waits for the end of the window
  std::vector<std::function<void()>> actions_;
  std::chrono::milliseconds backoff_;
  std::uint64_t step_ = 0;  // an answer to an older step is ignored
  bool acting_ = false;
  bool fenced_ = false;
  bool stopped_ = false;
};

}  // namespace tidegate::smq
