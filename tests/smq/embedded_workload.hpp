#pragma once

#include "tests/smq/test_engine.hpp"

#include <set>
#include <thread>

/// A store that changes window by window, and what a crash would leave of it.
namespace tidegate::smq::testing {

const inline std::string volume_1 = "/volumes/0000000001";

/// Every entry below /d and /f with the bytes of its chunks.
inline std::map<std::string, std::string> dump(embedded::engine& opened) {
  const blocking store{opened.ports()};
  std::map<std::string, std::string> all;
  for (const auto* directory : {"/d", "/f"}) {
    for (const auto& e : store.list(directory, "", 100000).value.entries) {
      auto& text = all[e.path];
      text = e.content;
      for (const auto& c : e.chunks) {
        const auto bytes = store.get_chunk(c.id, 0, c.size);
        text += "|" + (bytes.is_ok() ? std::string{as_text(bytes.value.view())} : "lost: " + bytes.what.reason);
      }
    }
  }
  return all;
}

/// Writes windows one after the other: entries come, change, lose chunks and go.
class workload {
 public:
  explicit workload(embedded::engine& opened) : store_{opened.ports()} {}

  outcome step(std::size_t chunk_bytes = 40) {
    const auto i = next_++;
    const auto expected = i == 0 ? std::nullopt : std::optional{std::to_string(i - 1)};
    const auto chunk = store_.put_chunk(std::string(chunk_bytes, static_cast<char>('a' + i % 26)));
    std::vector<mutation> mutations;
    const auto path = "/d/" + std::to_string(i % 7);
    mutations.push_back(put(path, "content " + std::to_string(i), {{chunk.value, 0, chunk_bytes, 0}}));
    if (i % 5 == 4) mutations.push_back(erase("/d/" + std::to_string((i + 3) % 7)));
    mutations.push_back(put("/f/fence", std::to_string(i)));
    auto o = store_.transact({"/f/fence", expected}, std::move(mutations));
    if (!o.is_ok()) --next_;
    return o;
  }

  void steps(int count) {
    for (int i = 0; i < count; ++i) CAF_CHECK(step().is_ok());
  }

 private:
  blocking store_;
  int next_ = 0;
};

inline std::set<std::string> names_below(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) names.insert(file.path().string());
  return names;
}

/// What a crash now would leave, as long as the writer rests. RocksDB may write a checkpoint or compact meanwhile: a copy
/// that is of no one moment is made again.
inline void copy_to(const std::string& from, const std::string& to) {
  for (int i = 0; i < 100; ++i) {
    try {
      std::filesystem::remove_all(to);
      const auto names = names_below(from);
      std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
      if (names_below(from) == names) return;
    } catch (const std::filesystem::filesystem_error&) {
      // A file went while it was copied.
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  CAF_FAIL("no copy of one moment of " << from);
}

inline embedded::options small_volumes() {
  embedded::options wanted;
  wanted.volume_bytes = 2000;
  wanted.checkpoint_volume_bytes = 3000;
  return wanted;
}

}  // namespace tidegate::smq::testing
