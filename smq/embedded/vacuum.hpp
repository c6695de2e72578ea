#pragma once

#include "smq/embedded/index.hpp"
#include "smq/embedded/recovery.hpp"

#include <condition_variable>
#include <optional>

/// Copies what is alive in a sparse volume, so that the volume can go. A chunk keeps its id, only its place changes: the
/// entries that name it and readers that hold its id notice nothing.
namespace tidegate::smq::embedded {

/// A chunk to be stored again.
struct moved_chunk {
  chunk_id id;
  chunk_place from;
  shared_bytes bytes;
};

/// On a thread of its own, which only reads: the writer puts the copies into its windows, where a chunk that was
/// released or moved meanwhile is left out.
class vacuum {
 public:
  enum class ending : std::uint8_t {
    copied,   // nothing in the volume is alive any more
    refused,  // by the writer: another time
    damaged,  // not everything in the volume, or about it in the index, can be read; it stays
  };

  struct surroundings {
    volumes& files;
    const index& entries;
    uuid store;
    std::uint64_t batch_bytes = 0;  // of one window; a larger chunk is a batch of its own
    std::function<void(std::vector<moved_chunk>, completion<outcome>)> write;
    std::function<void(std::uint32_t volume, ending how)> ended;  // on the thread of the vacuum
    std::function<void(std::string_view)> step;                   // vacuum.read, vacuum.copied
  };

  explicit vacuum(surroundings all);
  ~vacuum() { stop(); }
  vacuum(const vacuum&) = delete;
  vacuum& operator=(const vacuum&) = delete;

  /// `volume`: one that nobody appends to. False: it is still busy. Thread: one at a time.
  bool begin(std::uint32_t volume);

  /// Ends the thread. The writer must still run: a batch that it has is waited for.
  void stop();

 private:
  void run();
  ending copy(std::uint32_t volume);
  std::optional<ending> copy_window(const window_place& at);
  std::optional<ending> write_batch();
  ending damage(const window_place& at, const std::string& what) const;

  const surroundings all_;
  std::vector<moved_chunk> batch_;
  std::uint64_t batched_ = 0;  // bytes in it
  bool met_damage_ = false;

  std::mutex mutex_;  // guards the next two
  std::optional<std::uint32_t> volume_;
  bool stopping_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace tidegate::smq::embedded
