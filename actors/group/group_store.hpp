#pragma once

#include "messages/actor/group.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// What the coordinator of a group needs of the store (design §7). Every call completes exactly once, on any thread,
/// possibly before it returns.
namespace tidegate::actors {

struct loaded_group {
  enum class status : std::uint8_t { found, absent, failed };  // absent: proven
  status what = status::failed;
  group_metadata entry;  // when found, tombstones included
};

enum class topic_liveness : std::uint8_t { live, gone, unknown };  // gone: proven

/// One unit, applied in this order: erasures, then the entry, then the puts. So an entry that lists a partition is there
/// before its position is, and is gone after it. Puts whose topic was deleted since the handler looked are left out, and
/// the entry does not list it; when nothing is left of the puts, nothing is written (refused). A unit that erases
/// positions of a topic which may be live, but is not known, is refused, too.
struct group_write {
  std::uint64_t lease = 0;  // of the opening that the writer knows the group from
  std::vector<msg::group_partition> erases;
  std::optional<group_metadata> entry;
  std::vector<msg::offset_commit_item> puts;
};

/// A put whose topic is gone.
struct left_out_put {
  std::size_t index = 0;  // in group_write::puts
  uuid topic_id;
};

struct group_write_answer {
  enum class status : std::uint8_t {
    stored,   // all of it but `left_out`, durably
    refused,  // nothing of it; `error` is for the clients, the session lives
    reload,   // a part may be stored: open again and load. Also when nothing was written because the session was closed
    fenced,   // this process may not serve the group any more
  };
  status what = status::stored;
  error_code error = error_code::none;
  std::vector<left_out_put> left_out{};  // ascending; not written, whatever became of the others
};

/// The loading that it was written from counts no more.
[[nodiscard]] inline bool is_over(const group_write_answer& answer) {
  return answer.what == group_write_answer::status::reload || answer.what == group_write_answer::status::fenced;
}

/// What the clients are told when it is not stored.
[[nodiscard]] inline error_code error_of(const group_write_answer& answer) {
  if (answer.what == group_write_answer::status::fenced) return error_code::not_coordinator;
  return answer.error == error_code::none ? error_code::coordinator_not_available : answer.error;
}

/// Where a group has positions, whatever its entry lists.
struct found_positions {
  error_code error = error_code::none;  // the store could not say
  std::vector<msg::group_partition> where;
  bool complete = true;  // false: not all topics are known, or can be read: there may be more
};

class group_store {
 public:
  virtual ~group_store() = default;

  /// Settles and closes what an earlier owner of this group has in flight, then reads the group's entry. Returns the
  /// lease of this opening; the next opening of the group, or its close, ends it, also while it still loads.
  virtual std::uint64_t open(const std::string& group_id, std::function<void(loaded_group)> done) = 0;

  /// Writes of one group are applied in the order of the calls. With a lease that ended: reload.
  virtual void write(const std::string& group_id, group_write what, std::function<void(group_write_answer)> done) = 0;

  /// One answer per partition, in order: a position, offset -1 with error none (proven absent), or an error:
  /// coordinator_load_in_progress (ask again), kafka_storage_error (proven damage).
  virtual void fetch(const std::string& group_id, std::vector<msg::group_partition> partitions,
                     std::function<void(std::vector<msg::offset_fetch_item>)> done) = 0;

  /// Every position of the group: all partitions of the topics in `topics` are looked up, and find_positions() says
  /// where else it has any. An error when the store cannot say, or when it is unknown whether one of `topics` is live; a
  /// native position in another topic whose entry cannot be read is not found.
  virtual void fetch_all(const std::string& group_id, std::vector<group_topic> topics,
                         std::function<void(msg::offset_fetch_result)> done) = 0;

  /// Looks at every partition of every live topic: not for what clients wait for often.
  virtual void find_positions(const std::string& group_id, std::function<void(found_positions)> done) = 0;

  /// Unknown: not looked up yet, or its entries cannot be read. `topic`: the name that the id belongs to.
  [[nodiscard]] virtual topic_liveness liveness_of(const uuid& topic_id, const std::string& topic) const = 0;

  /// The coordinator goes: nothing of this group is written until the next open. Nothing happens when the lease ended.
  virtual void close(const std::string& group_id, std::uint64_t lease) = 0;
};

}  // namespace tidegate::actors
