#pragma once

#include "smq/embedded/layer.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace rocksdb {
class DB;
class Env;
}

/// Entries ('e'), places of chunks ('c' id), live bytes of volumes ('v' number) and the replay position ('r').
/// Windows change a layer in memory; a checkpoint gives RocksDB the newest state of all that changed as one file, together
/// with the replay position: what a crash leaves is exactly the state at that position, and RocksDB needs no log.
namespace tidegate::smq::embedded {

/// Everything that one window changes.
struct window_effects {
  std::vector<record_view> records;        // apply() copies them
  std::map<chunk_id, chunk_place> placed;  // chunks that this window stores
  std::map<chunk_id, chunk_place> moved;   // those of them that an entry names already: where they were
  std::vector<chunk_id> released;          // no entry names them any more
  replay_position next;
};

/// Where paths_below() goes on.
struct tree_cursor {
  bool has_begun = false;
  std::vector<std::string> recent;  // what the layers knew at the beginning and is not returned yet
  std::string after;                // the last key of RocksDB that was looked at
};

/// Outcome of a look-up: `what` is ok, absent, or unknown with the reason.
using stored_value = result<std::string>;

class index {
 public:
  struct hooks {
    // Before RocksDB takes a checkpoint: the volumes must be durable first. On the checkpoint's thread.
    std::function<void()> before_taking = [] {};
    std::function<void(std::string_view step)> at = [](std::string_view) {};  // on the checkpoint's thread
  };

  /// Does not write a checkpoint, as a crash does not.
  ~index();

  static std::unique_ptr<index> open(const std::string& directory, hooks wanted, std::string& error);

  /// Changes no file, also while another process uses it: what its last checkpoint left. apply() works, in memory;
  /// nothing makes it durable.
  static std::unique_ptr<index> open_to_read(const std::string& directory, std::string& error);

  /// False: open() would begin an empty one.
  static bool is_there(const std::string& directory);

  /// An empty one without files, to be filled by apply(): of everything that windows name, its memory holds the newest.
  static std::unique_ptr<index> open_in_memory(std::string& error);

  /// Writes what is durable into a new index. Errors: a text.
  std::string copy_to(const std::string& directory) const;

  [[nodiscard]] stored_value find(const std::string& path) const;
  [[nodiscard]] std::vector<stored_value> find_many(const std::vector<std::string>& paths) const;
  [[nodiscard]] result<list_page> list(const std::string& directory, const std::string& after, std::size_t limit,
                                       bool with_chunks) const;
  [[nodiscard]] result<chunk_place> place_of(const chunk_id& id) const;

  /// The chunks that the entry names; none when it is absent.
  [[nodiscard]] result<std::vector<chunk_id>> chunks_named_by(const std::string& path) const;

  /// The next entries at and below `directory`, at most `limit`; none: that was all. What is put there between two
  /// calls may be left out, and what a checkpoint moved may be returned twice.
  [[nodiscard]] result<std::vector<std::string>> paths_below(const std::string& directory, tree_cursor& from,
                                                             std::size_t limit) const;

  /// In memory. Every look-up sees all of it or nothing, but find_many() is not one look-up: a window and a whole
  /// checkpoint may come between its parts. Writer thread only. Errors: the process must end.
  std::string apply(window_effects&& effects);

  /// Of the newest window. Writer thread only, as the next two.
  [[nodiscard]] const replay_position& replay_from() const { return replay_from_; }
  [[nodiscard]] const std::map<std::uint32_t, std::uint64_t>& live_bytes() const { return live_bytes_; }
  [[nodiscard]] std::uint64_t live_total() const { return live_total_; }
  /// Bytes of memory that the next checkpoint will write.
  [[nodiscard]] std::size_t recent_bytes() const { return active_->bytes(); }

  /// Number of the newest window since open(), and of the newest one that a crash cannot take away.
  [[nodiscard]] std::uint64_t latest_change() const { return latest_change_; }
  [[nodiscard]] std::uint64_t durable_change() const { return durable_change_.load(); }

  /// The volume in which a start after a crash would begin to replay, or one before it.
  [[nodiscard]] std::uint32_t durable_volume() const { return durable_volume_.load(); }

  /// Lets the checkpoint thread write what changed. False: it is still busy with the last one. Writer thread only.
  bool start_checkpoint();
  [[nodiscard]] bool has_checkpoint_under_way();
  /// Waits until no checkpoint is under way. Errors: of the last one; one that waits for room on the disk goes on.
  std::string wait_for_checkpoint();
  /// Makes everything durable. Errors: a text.
  std::string flush();

 private:
  using layer_ptr = std::shared_ptr<layer>;

  struct recent_child {
    std::string name;
    std::optional<std::string> value;  // none: erased
  };

  index() = default;
  std::string load();
  const child_entry* find_recent(std::string_view path) const;
  std::vector<recent_child> recent_children(std::string_view directory, std::string_view after, std::size_t limit) const;
  std::vector<std::string> recent_below(const std::string& directory) const;
  void run_checkpoints();
  bool look_for_room();
  std::string write(const layer& what);
  std::string write_table(const layer& what);
  std::string remove_table();
  void keep_up();

  std::unique_ptr<rocksdb::Env> memory_;  // open_in_memory: where its files would be
  std::unique_ptr<rocksdb::DB> db_;
  std::string table_path_;  // of a checkpoint until RocksDB takes it
  hooks hooks_;
  replay_position replay_from_;
  std::map<std::uint32_t, std::uint64_t> live_bytes_;  // volumes without live bytes are left out
  std::uint64_t live_total_ = 0;
  std::uint64_t latest_change_ = 0;
  std::atomic<std::uint64_t> durable_change_{0};
  std::atomic<std::uint32_t> durable_volume_{1};

  mutable std::shared_mutex layers_mutex_;  // guards the next two, and the content of the first
  layer_ptr active_ = std::make_shared<layer>();
  layer_ptr frozen_;  // what the checkpoint thread writes; null: nothing

  std::mutex checkpoint_mutex_;  // guards the next four; taken before layers_mutex_
  layer_ptr handed_over_;
  bool stopping_ = false;
  bool lacks_room_ = false;  // the checkpoint under way
  std::string error_;  // RocksDB did not take a checkpoint: nothing may go on
  std::atomic<bool> is_broken_{false};  // there is an error
  std::condition_variable checkpoint_changed_;
  std::thread checkpoint_thread_;
};

}  // namespace tidegate::smq::embedded
