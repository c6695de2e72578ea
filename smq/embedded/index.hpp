#pragma once

#include "smq/embedded/window.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>

namespace rocksdb {
class DB;
}

/// RocksDB without its own log: entries ('e'), places of chunks ('c' id), live bytes of volumes ('v' number) and the
/// replay position ('r'), which is in every batch: what a crash leaves is exactly the state at that position.
namespace tidegate::smq::embedded {

/// Where the next window to replay begins.
struct replay_position {
  std::uint32_t volume = 1;
  std::uint64_t position = 0;
  std::uint64_t next_seq = 1;
};

struct chunk_place {
  std::uint32_t volume = 0;
  std::uint64_t position = 0;
  std::uint64_t length = 0;
  std::uint32_t crc = 0;
};

/// Everything that one window changes.
struct window_effects {
  std::vector<record> records;
  std::map<chunk_id, chunk_place> placed;  // chunks that this window stores
  std::vector<chunk_id> released;
  replay_position next;
};

/// Outcome of a look-up: `what` is ok, absent, or unknown with the reason.
using stored_value = result<std::string>;

class index {
 public:
  ~index();

  /// `before_flush` runs before RocksDB makes memory durable: the volumes must be durable first. On RocksDB's thread.
  static std::unique_ptr<index> open(const std::string& directory, std::function<void()> before_flush,
                                     std::string& error);

  [[nodiscard]] stored_value find(const std::string& path) const;
  [[nodiscard]] std::vector<stored_value> find_many(const std::vector<std::string>& paths) const;
  [[nodiscard]] result<list_page> list(const std::string& directory, const std::string& after, std::size_t limit,
                                       bool with_chunks) const;
  [[nodiscard]] result<chunk_place> place_of(const chunk_id& id) const;

  /// Up to `limit` entries at and below `directory`.
  [[nodiscard]] result<std::vector<std::string>> paths_below(const std::string& directory, std::size_t limit) const;

  /// One WriteBatch; readers see all of it or nothing. Writer thread only. Errors: the process must end.
  std::string apply(const window_effects& effects);

  [[nodiscard]] const replay_position& replay_from() const { return replay_from_; }
  [[nodiscard]] const std::map<std::uint32_t, std::uint64_t>& live_bytes() const { return live_bytes_; }

  /// Number of the newest change, and of the newest one that a crash cannot take away.
  [[nodiscard]] std::uint64_t latest_change() const;
  [[nodiscard]] std::uint64_t durable_change() const { return durable_change_->load(); }

  /// Starts to make everything durable. Errors: a text.
  std::string flush(bool wait);

 private:
  index() = default;
  std::string load();

  std::unique_ptr<rocksdb::DB> db_;
  std::shared_ptr<std::atomic<std::uint64_t>> durable_change_ = std::make_shared<std::atomic<std::uint64_t>>(0);
  replay_position replay_from_;
  std::map<std::uint32_t, std::uint64_t> live_bytes_;  // volumes without live bytes are left out
};

}  // namespace tidegate::smq::embedded
