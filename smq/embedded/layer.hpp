#pragma once

#include "smq/embedded/window.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <map>
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
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// What the windows since a checkpoint changed, the newest state only: a position that was written a thousand times
/// costs RocksDB one write. nullopt stands for "erased" or "released"; what is not here is as the layers below say.
class layer {
 public:
  using value = std::optional<std::string>;  // entry_codec's layout

  struct chunk_state {
    std::optional<chunk_place> place;
    bool may_be_below = false;  // the layers below this one may know the chunk, too
  };
  using child_map = boost::unordered_flat_map<std::string, value, text_hash, std::equal_to<>>;  // by name
  using directory_map = boost::unordered_flat_map<std::string, child_map, text_hash, std::equal_to<>>;

  /// nullptr: this layer does not know the path.
  [[nodiscard]] const value* find(std::string_view path) const;
  [[nodiscard]] const std::optional<chunk_place>* find_chunk(const chunk_id& id) const;

  /// `directory`: without a slash at its end, "" for the root. nullptr: nothing in it changed.
  [[nodiscard]] const child_map* children_of(std::string_view directory) const;

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
