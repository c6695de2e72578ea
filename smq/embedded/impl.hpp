#pragma once

#include "smq/embedded/plan.hpp"
#include "smq/embedded/volumes.hpp"

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
  std::vector<prepared_mutation> mutations;
  std::uint64_t bytes = 0;
  std::string tree;  // not empty: remove_tree of this directory
  tree_cursor removed;
  time_point deadline;
  completion<outcome> done;
};

struct window_size {
  std::uint64_t mutation_bytes = 0;
  std::uint64_t bytes = 0;  // all of it
};

struct engine::impl {
  explicit impl(options wanted);
  ~impl();

  // start.cpp and replay.cpp; before the writer runs. Errors: a text.
  std::string start();
  std::string load_store_id();
  std::string recover();

  // writer.cpp; on the writer thread.
  void run();
  std::vector<task> take_queued();
  void run_window(std::vector<task>& tasks);
  bool remove_some(task& one);
  bool claim_chunks(const window_plan& plan, std::vector<std::shared_ptr<pending_chunk>>& chunks,
                    std::vector<chunk_row>& rows);
  void give_back_chunks(const window_plan& plan);
  outcome write(window_plan& plan, window_size& size);
  outcome make_visible(window_effects&& effects);
  std::string make_room(std::uint64_t bytes);
  void after_window(const window_size& size);
  void checkpoint_when_due();
  void delete_dead_volumes();
  outcome fail(const std::string& why);
  void step(std::string_view name) const;
  void sync_before_flush();

  // engine.cpp; on any thread.
  void enqueue(task one);
  std::shared_ptr<const pending_chunk> find_pending(const chunk_id& id) const;
  bool waits_for_a_name(const chunk_id& id) const;
  void forget_old_chunks(time_point now);
  result<shared_bytes> read_stored(const chunk_id& id, std::uint64_t position, std::uint64_t count);

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
  std::map<std::uint32_t, std::uint64_t> dead_since;  // closed volume without live bytes -> change that made it so

  mutable std::mutex chunks_mutex;  // guards the next five
  std::map<chunk_id, std::shared_ptr<pending_chunk>> pending;
  std::uint64_t pending_bytes = 0;
  std::uint64_t open_seq = 1;  // of the ids that put() gives
  std::uint32_t open_index = 0;
  time_point next_sweep{};

  std::mutex queue_mutex;  // guards the next two
  std::deque<task> queue;
  bool stopping = false;
  std::condition_variable queue_changed;
  std::atomic<bool> failed{false};  // a sync failed and the process goes on, in a test
  std::atomic<std::uint64_t> windows{0};
  mutable std::mutex usage_mutex;
  std::uint64_t live_total = 0;  // guarded by usage_mutex
  std::thread writer;
};

}  // namespace tidegate::smq::embedded
