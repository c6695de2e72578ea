#pragma once

#include "messages/common/bytes.hpp"
#include "smq/mutation_list.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The two ports of the store (design §5.1). Everything above them is written once, for every engine.
/// Every call is asynchronous and completes exactly once, on any thread, possibly before it returns.
namespace tidegate::smq {

using time_point = std::chrono::steady_clock::time_point;

enum class status : std::uint8_t {
  ok,
  absent,    // proven: there is no such entry or chunk
  conflict,  // the guard is not what was expected; nothing applied
  refused,   // nothing applied; `reason` says why
  partial,   // the first `applied` mutations are applied, the rest are not
  unknown,   // may be applied now, later or never
};

struct outcome {
  status code = status::ok;
  std::string reason;
  std::size_t applied = 0;
  bool is_damaged = false;  // of a read: something is there and is not what was written; asking again does not help

  [[nodiscard]] bool is_ok() const { return code == status::ok; }
};

/// What a read says that found damage. `code`: refused or unknown, never absent: nobody proved that there is nothing.
inline outcome damaged(const std::string& what, status code = status::refused) {
  return {code, "damaged: " + what, 0, true};
}

/// Of what is whole, but of a later version or kind than is known here. Nothing that says so is ever erased or cut off.
inline const std::string written_by_newer = "written by a newer version of tidegate";

/// `bytes`: what could not be decoded; they begin with the version of their layout. `newest`: the one that we write.
inline std::string why_unreadable(std::string_view bytes, std::uint8_t newest) {
  return !bytes.empty() && static_cast<std::uint8_t>(bytes.front()) > newest ? written_by_newer : "damaged";
}

/// damaged() that tells a newer version.
inline outcome unreadable(const std::string& what, std::string_view bytes, std::uint8_t newest,
                          status code = status::refused) {
  return {code, why_unreadable(bytes, newest) + ": " + what, 0, true};
}

template <class T>
struct result {
  outcome what;
  T value{};

  [[nodiscard]] bool is_ok() const { return what.is_ok(); }
};

template <class T>
using completion = std::function<void(T)>;

/// Opaque: the engine makes it, entries carry it.
using chunk_id = std::string;

/// A chunk as an entry lists it; `offset` is its place in the file that the entry stands for.
struct chunk_ref {
  chunk_id id;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  friend bool operator==(const chunk_ref&, const chunk_ref&) = default;
};

/// A small file with a version: its content is the condition of a compare-and-set. A path is an entry or the directory
/// of others, never both.
struct entry {
  std::string path;  // absolute, '/'-separated
  std::string content;
  std::map<std::string, std::string> attributes;
  std::vector<chunk_ref> chunks;
  friend bool operator==(const entry&, const entry&) = default;
};

struct mutation {
  enum class kind : std::uint8_t { put, erase };  // erasing what is absent succeeds
  kind what = kind::put;
  entry target;  // erase: only the path counts
  std::uint64_t new_chunk_bytes = 0;  // of the chunks that this put is the first to name
};

/// The condition of a transaction: the entry at `path` has exactly this content, or (nullopt) is absent.
struct guard {
  std::string path;
  std::optional<std::string> expected;
};

struct list_page {
  std::vector<entry> entries;  // direct children in byte order of their names, without chunks when not asked for
  std::vector<std::string> directories;  // names in the range of this page, on engines that have directories
  bool more = false;
};

class chunk_port {
 public:
  virtual ~chunk_port() = default;

  /// Stores one chunk, the concatenation of `parts`. It is durable only once a transaction that names it is ok.
  virtual void put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) = 0;

  /// Bytes [position, position + count) of a chunk; a range that ends behind the chunk is refused.
  virtual void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
                   completion<result<shared_bytes>> done) = 0;

  /// A hint: this chunk of `size` bytes will be read soon. Nothing depends on it.
  virtual void will_read(const chunk_id& /*id*/, std::uint64_t /*size*/) {}
};

class entry_port {
 public:
  virtual ~entry_port() = default;

  /// Refused: something is there that is no entry, as a directory.
  virtual void get(const std::string& path, time_point deadline, completion<result<entry>> done) = 0;

  /// One answer per path, in order: ok, absent, refused or damaged; any other doubt makes the whole call unknown.
  virtual void get_many(std::vector<std::string> paths, time_point deadline,
                        completion<result<std::vector<result<entry>>>> done) = 0;

  /// Children of `directory` whose name is greater than `after` ("" = from the start), at most `limit`.
  /// A directory without children is ok and empty.
  virtual void list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
                    time_point deadline, completion<result<list_page>> done) = 0;

  /// Applies the mutations in order if the guard holds. The last mutation puts the guarded entry with a content that
  /// was never used before. Not atomic: any prefix may be applied when the outcome is partial or unknown.
  /// A put or erase releases the chunks that the entry no longer names. Transactions that are under way at the same time
  /// may apply in any order.
  virtual void transact(guard condition, mutation_list mutations, time_point deadline,
                        completion<outcome> done) = 0;

  /// Removes everything below `directory` and the directory; idempotent, not atomic; only for dead ids.
  virtual void remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) = 0;
};

/// Both ports of one engine.
struct engine {
  chunk_port& chunks;
  entry_port& entries;
};

}  // namespace tidegate::smq
