#pragma once

#include "messages/common/counter.hpp"
#include "smq/embedded/plan.hpp"
#include "smq/embedded/vacuum.hpp"
#include "smq/embedded/volumes.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <thread>

namespace tidegate::smq::embedded {

/// A chunk in memory: until a window with its bytes is in the index.
struct pending_chunk {
  std::vector<shared_bytes> parts;
  std::uint64_t length = 0;
  std::uint32_t crc = 0;
  time_point put_at;
  bool in_window = false;
};

struct task {
  guard condition;
  prepared_transaction prepared;
  std::uint64_t bytes = 0;
  std::string tree;  // not empty: remove_tree of this directory
  tree_cursor removed;
  std::vector<moved_chunk> moves;  // not empty: of the vacuum
  time_point deadline;
  completion<outcome> done;
};

struct window_size {
  std::uint64_t mutation_bytes = 0;
  std::uint64_t bytes = 0;  // all of it
};

struct vacuum_end {
  std::uint32_t volume = 0;
  vacuum::ending how = vacuum::ending::copied;
};

class disk_reads;
struct chunk_read;

struct engine::impl {
  explicit impl(options wanted);
  ~impl();

  // start.cpp and replay.cpp; before the writer runs. Errors: a text.
  std::string start();
  std::string load_store_id();
  std::string recover();

  // writer.cpp; on the writer thread.
  void run();
  bool take_queued(std::vector<task>& taken);
  void run_window(std::vector<task>& tasks);
  bool remove_some(task& one);
  bool claim_chunks(const window_plan& plan, std::vector<std::shared_ptr<pending_chunk>>& chunks,
                    std::vector<chunk_row>& rows);
  void give_back_chunks(const window_plan& plan);
  void drop_dead_moves(const window_plan& plan, std::vector<moved_chunk>& moves) const;
  outcome write(window_plan& plan, const std::vector<moved_chunk>& moves, std::uint64_t free, window_size& size);
  outcome make_visible(window_effects&& effects);
  std::string make_room(std::uint64_t bytes, std::uint64_t free);
  std::string start_next_volume();
  void after_window(const window_size& size);
  outcome fail(const std::string& why);
  void step(std::string_view name) const;
  void sync_before_checkpoint();

  // room.cpp; on the writer thread.
  [[nodiscard]] std::uint64_t added_bytes(const task& one) const;
  [[nodiscard]] bool has_room_for_all(const std::vector<task>& tasks, std::uint64_t free) const;
  bool takes_room(const task& one, std::uint64_t& free) const;
  std::uint64_t look_at_disk();
  [[nodiscard]] std::uint64_t checkpoint_memory_bytes() const;
  [[nodiscard]] bool is_nearly_full() const;

  // upkeep.cpp; on the writer thread.
  [[nodiscard]] bool is_checkpoint_due(std::uint64_t times) const;
  void checkpoint_when_due();
  bool start_checkpoint();
  void upkeep_when_due();
  bool upkeep(bool is_time);
  void leave_sparse_volume();
  void note_window(time_point now);
  [[nodiscard]] bool is_worth_a_quiet_checkpoint() const;
  void note_dead_volumes();
  void remove_dead_volumes();
  [[nodiscard]] bool is_stuck(std::uint32_t volume) const;
  [[nodiscard]] std::optional<std::uint32_t> sparsest_volume() const;
  void start_vacuum();

  // engine.cpp; on any thread.
  void enqueue(task one);
  bool waits_for_a_name(const chunk_id& id) const;
  void forget_old_chunks(time_point now);

  // reads.cpp; on any thread.
  std::shared_ptr<const pending_chunk> find_pending(const chunk_id& id) const;
  result<chunk_read> begin_read(const chunk_id& id, std::uint64_t position, std::uint64_t count);
  result<shared_bytes> finish_read(chunk_read& read);
  result<shared_bytes> read_from_disk(chunk_read& read, time_point deadline);
  bool announce(const chunk_id& id);
  void end_announcement(const chunk_id& id);

  options settings;
  uuid store;
  int lock_fd = -1;
  std::unique_ptr<volumes> files;
  std::unique_ptr<index> entries;
  recovery_report report;

  // Of the writer thread, and of recovery before it.
  std::uint64_t next_seq = 1;
  std::uint64_t synced_seq = 0;
  std::uint64_t unsynced_bytes = 0;  // durability "os" only
  std::uint64_t mutation_bytes_since_checkpoint = 0;
  std::uint64_t volume_bytes_since_checkpoint = 0;
  std::uint64_t volume_bytes_since_upkeep = 0;
  std::uint64_t seen_free_bytes = ~std::uint64_t{0};  // of the disk, by look_at_disk()
  std::map<std::uint32_t, std::uint64_t> dead_since;  // closed volume without live bytes -> change that made it so
  std::map<std::uint32_t, time_point> stuck_volumes;  // the vacuum met damage in them; until when it leaves them alone
  std::optional<std::uint32_t> vacuuming;             // the volume that is being copied
  bool wants_upkeep = false;  // at next_upkeep, even if nothing happens before
  time_point next_upkeep{};
  std::uint64_t last_durable_change = 0;
  std::uint64_t last_change = 0;  // with the newest window that upkeep has seen
  time_point last_change_at{};
  gauge_share live_shown;

  mutable std::mutex chunks_mutex;  // guards the next five
  std::map<chunk_id, std::shared_ptr<pending_chunk>> pending;
  std::uint64_t pending_bytes = 0;
  std::uint64_t open_seq = 1;  // of the ids that put() gives
  std::uint32_t open_index = 0;
  time_point next_sweep{};

  std::mutex queue_mutex;  // guards the next three
  std::deque<task> queue;
  std::optional<vacuum_end> vacuum_ended;
  bool stopping = false;
  std::condition_variable queue_changed;
  std::atomic<bool> failed{false};  // a sync failed and the process goes on, in a test
  std::atomic<std::uint64_t> windows{0};
  std::atomic<std::uint64_t> live_total{0};
  std::atomic<std::chrono::steady_clock::rep> reads_ahead_until{0};
  std::array<std::atomic<std::size_t>, 1024> announced{};  // hashes of chunks, each in its place
  std::thread writer;
  std::unique_ptr<vacuum> cleaner;
  std::unique_ptr<disk_reads> disk;
};

}  // namespace tidegate::smq::embedded
