#pragma once

#include "smq/embedded/window.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <xxhash.h>

#include <map>
#include <memory>
#include <unordered_map>

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
  friend bool operator==(const chunk_place&, const chunk_place&) = default;
};

/// Lets a map of strings be searched with a view.
struct text_hash {
  using is_transparent = void;
  using is_avalanching = void;  // boost: nothing needs to be mixed
  std::size_t operator()(std::string_view text) const { return XXH3_64bits(text.data(), text.size()); }
};

/// The newest state of an entry in its directory. Name and value are one piece of memory: of what a node does under load,
/// waiting for such pieces takes the most.
class child_entry {
 public:
  explicit child_entry(std::string_view name);

  [[nodiscard]] std::string_view name() const { return {block_.get() + sizeof(head), of_block().name_bytes}; }
  [[nodiscard]] std::optional<std::string_view> value() const;  // entry_codec's layout; none: erased

  /// Const, because a set finds it by its name alone.
  void set(std::optional<std::string_view> newest) const;

 private:
  struct head {
    std::uint32_t name_bytes = 0;
    std::uint32_t value_bytes = 0;
    std::uint32_t capacity = 0;  // for the value
    bool is_erased = true;
  };

  static std::unique_ptr<char[]> make_block(std::string_view name, std::size_t capacity);
  [[nodiscard]] head& of_block() const { return *reinterpret_cast<head*>(block_.get()); }

  mutable std::unique_ptr<char[]> block_;  // head, name, value
};

struct child_hash : text_hash {
  using text_hash::operator();
  std::size_t operator()(const child_entry& child) const { return (*this)(child.name()); }
};

struct child_equal {
  using is_transparent = void;
  bool operator()(const child_entry& a, const child_entry& b) const { return a.name() == b.name(); }
  bool operator()(const child_entry& a, std::string_view b) const { return a.name() == b; }
  bool operator()(std::string_view a, const child_entry& b) const { return a == b.name(); }
};

/// What the windows since a checkpoint changed, the newest state only: a position that was written a thousand times
/// costs RocksDB one write. nullopt stands for "erased" or "released"; what is not here is as the layers below say.
class layer {
 public:
  struct chunk_state {
    std::optional<chunk_place> place;
    bool may_be_below = false;  // the layers below this one may know the chunk, too
  };
  using child_set = boost::unordered_flat_set<child_entry, child_hash, child_equal>;
  using directory_map = boost::unordered_flat_map<std::string, child_set, text_hash, std::equal_to<>>;

  /// nullptr: this layer does not know the path.
  [[nodiscard]] const child_entry* find(std::string_view path) const;
  [[nodiscard]] const std::optional<chunk_place>* find_chunk(const chunk_id& id) const;

  /// `directory`: without a slash at its end, "" for the root. nullptr: nothing in it changed.
  [[nodiscard]] const child_set* children_of(std::string_view directory) const;

  void set(std::string_view path, std::optional<std::string_view> newest);
  void place(const chunk_id& id, const chunk_place& where) { chunks_.insert_or_assign(id, chunk_state{where, false}); }
  /// Of a chunk that was somewhere else before.
  void move(const chunk_id& id, const chunk_place& where) { chunks_.insert_or_assign(id, chunk_state{where, true}); }
  void release(const chunk_id& id);

  [[nodiscard]] const directory_map& directories() const { return directories_; }
  [[nodiscard]] const std::unordered_map<chunk_id, chunk_state>& chunks() const { return chunks_; }

  /// About how much memory it takes, in bytes.
  [[nodiscard]] std::size_t bytes() const;

  // Set by its owner.
  std::map<std::uint32_t, std::uint64_t> live_bytes;  // of the volumes that changed
  replay_position next;
  std::uint64_t change = 0;  // number of its newest window; 0: empty

 private:
  directory_map directories_;
  std::unordered_map<chunk_id, chunk_state> chunks_;
  std::size_t entry_bytes_ = 0;
};

/// The directory of an absolute path and the name in it.
struct split_path {
  std::string_view directory;
  std::string_view name;

  explicit split_path(std::string_view path) : directory(path.substr(0, path.rfind('/'))), name(path) {
    name.remove_prefix(directory.size() + 1);
  }
};

}  // namespace tidegate::smq::embedded
