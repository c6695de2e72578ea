#pragma once

#include "smq/ports.hpp"

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// The store inside this process (design §5.5): chunk bytes and mutations of a window are one append and one fdatasync
/// of a volume file; entries and the places of chunks are in RocksDB, which is written only after that sync.
namespace tidegate::smq::embedded {

/// What the engine does to files and to the process, so that tests can make it fail. Empty = the real thing.
struct hooks {
  std::function<ssize_t(int fd, const iovec* parts, int count, off_t position)> write;    // pwritev
  std::function<int(int fd)> sync;                                                        // fdatasync
  std::function<int(int fd, off_t size)> truncate;                                        // ftruncate
  std::function<int(const std::string& path)> open;                                       // open of a volume
  std::function<ssize_t(int fd, std::span<std::byte> into, off_t position)> read;         // pread
  std::function<ssize_t(int fd, std::span<std::byte> into, off_t position)> read_cached;  // preadv2 with RWF_NOWAIT
  std::function<void()> before_disk_read;      // on a thread that is about to wait for the disk
  std::function<std::uint64_t()> free_bytes;  // statvfs
  std::function<void(const std::string& why)> fatal;  // default: log to stderr and std::_Exit(70)
  // Steps of the writer: window.taken, window.appended, window.synced, window.indexed; on the thread that writes
  // checkpoints: checkpoint.begun, checkpoint.written (a file, which RocksDB has not yet), checkpoint.done; of the vacuum:
  // vacuum.read and vacuum.copied (a batch of chunks, on its thread), vacuum.removed (a volume, on the writer's).
  std::function<void(std::string_view step)> at;
};

struct options {
  std::string data_dir;
  // Entries that never name chunks: what they held is not read when they are written again, and chunks in them are
  // refused. Empty: no such entries.
  std::function<bool(std::string_view path)> never_names_chunks;
  bool sync = true;                           // false: durability "os": acknowledged when the kernel has it
  // A window that starts behind this goes to a new volume. When all is quiet, the volumes take at most twice the live
  // bytes and two of this, and what no checkpoint is due for yet.
  std::uint64_t volume_bytes = 64ULL << 20;
  // What a start replays at most, 0.2 s; four times as much where the disk is so slow that a checkpoint lasts longer, and
  // what is on its way into RocksDB.
  std::uint64_t checkpoint_mutation_bytes = 96ULL << 20;
  std::uint64_t checkpoint_memory_bytes = 48ULL << 20;    // newest state of what changed; less near a full disk
  std::uint64_t checkpoint_volume_bytes = 256ULL << 20;
  std::uint64_t max_entry_bytes = 4ULL << 20;           // path, content, attributes and chunk list of one entry
  std::uint64_t max_unnamed_bytes = 512ULL << 20;       // chunks that no transaction named yet are in memory
  std::chrono::milliseconds unnamed_lifetime{600'000};  // a chunk that nobody names for so long is forgotten
  // "disk full" for records while less is free, for other writes below a half of it, for what frees space (erasing,
  // the vacuum) and entries swapped alone (fences) below a quarter: RocksDB needs room, too. The node comes back by itself
  // when space is there.
  std::uint64_t reserve_bytes = 32ULL << 20;
  // With sync: zeros that are written behind a small window when the volume has to grow, so that the windows which
  // overwrite them are synced by one write of the disk. 0: none.
  std::uint64_t zeros_ahead_bytes = 0;
  std::uint64_t small_window_bytes = 64ULL << 10;
  std::uint64_t vacuum_batch_bytes = 2ULL << 20;        // copied in one window, for the commits that wait for it
  // While nothing is written any more, so much of what changed since the last checkpoint goes into one of its own.
  std::uint64_t quiet_checkpoint_bytes = 64ULL << 10;
  std::chrono::milliseconds quiet_after{10'000};
  std::chrono::milliseconds upkeep_interval{1000};      // dead volumes wait so long for an early checkpoint
  std::chrono::milliseconds damage_pause{3'600'000};    // a volume that the vacuum could not read is tried again then
  std::size_t disk_read_threads = 4;                    // for chunks that are not in the page cache
  std::size_t max_waiting_reads = 16'384;               // of these; one more is unknown
  hooks faults;
};

/// What open() found, for the log and for tests.
struct recovery_report {
  bool is_new = false;  // there was no store
  std::uint64_t replayed_windows = 0;
  std::uint64_t replayed_bytes = 0;
  std::uint64_t cut_bytes = 0;  // torn tail that was removed; it was never acknowledged
  std::string cut_at;           // "volume, position" or empty
};

struct usage {
  std::uint64_t volumes = 0;
  std::uint64_t volume_bytes = 0;
  std::uint64_t live_bytes = 0;     // chunk bytes that entries name
  std::uint64_t unnamed_bytes = 0;  // chunk bytes in memory
  std::uint64_t windows = 0;        // written since start
};

class engine;

struct open_result {
  std::unique_ptr<engine> store;  // null: see `error`
  std::string error;
};

/// Opens or creates the store in `settings.data_dir` and replays what RocksDB does not have yet. Blocks.
/// Errors: the directory is locked by another process, unreadable, of a newer version, or damaged (says where).
open_result open(options settings);

/// Both ports. Thread: any, also concurrently. Reads answer in the caller's thread before they return, but for chunks that
/// are not in the page cache: these answer on a thread that waits for the disk. `transact` answers on the writer thread, in
/// the order in which calls were queued; `remove_tree`, too, but what is queued behind it may be answered first.
/// The destructor finishes what is queued, then writes a checkpoint.
class engine final : public chunk_port, public entry_port {
 public:
  struct impl;
  explicit engine(std::unique_ptr<impl> parts);
  ~engine() override;
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Completes at once; the bytes stay in memory until a transaction names the chunk.
  /// Errors: refused (empty, or too many unnamed bytes).
  void put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) override;

  /// Errors: absent, refused (range), unknown (the file cannot be read, its bytes are damaged, too many reads wait for the
  /// disk, or the deadline passed meanwhile).
  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
           completion<result<shared_bytes>> done) override;
  void will_read(const chunk_id& id, std::uint64_t size) override;

  void get(const std::string& path, time_point deadline, completion<result<entry>> done) override;
  void get_many(std::vector<std::string> paths, time_point deadline,
                completion<result<std::vector<result<entry>>>> done) override;
  void list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
            time_point deadline, completion<result<list_page>> done) override;

  /// Errors: conflict; refused (path, name or size out of bounds, unknown chunk, disk full, deadline passed).
  /// Never partial or unknown.
  void transact(guard condition, mutation_list mutations, time_point deadline,
                completion<outcome> done) override;
  void remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) override;

  [[nodiscard]] smq::engine ports() { return {*this, *this}; }
  [[nodiscard]] const recovery_report& recovered() const;

  /// Of the disk, for normal users. Asks the kernel.
  [[nodiscard]] std::uint64_t free_bytes() const;
  [[nodiscard]] usage measure() const;

  /// Forgets a chunk that nobody named or ever will; a named one stays.
  void release(const chunk_id& id);

 private:
  std::unique_ptr<impl> impl_;
};

}  // namespace tidegate::smq::embedded
