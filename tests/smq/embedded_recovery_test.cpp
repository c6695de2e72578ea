#define CAF_SUITE embedded_recovery
#include "smq/embedded/window.hpp"
#include "tests/smq/embedded_workload.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <random>
#include <semaphore>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;
namespace fs = std::filesystem;

namespace {

void flip_byte(const std::string& path, std::uint64_t position) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(static_cast<std::streamoff>(position));
  const auto byte = static_cast<char>(file.get() ^ 0x40);
  file.seekp(static_cast<std::streamoff>(position));
  file.put(byte);
}

std::string error_of_opening(const std::string& directory) {
  embedded::options wanted;
  wanted.data_dir = directory;
  return embedded::open(std::move(wanted)).error;
}

/// A store whose last window is known: `before` it and `after` it, and where it begins.
struct last_window {
  scratch_directory home;
  std::map<std::string, std::string> before;
  std::map<std::string, std::string> after;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  last_window() {
    const auto store = open_embedded(home.path("/live"));
    workload work{*store};
    work.steps(6);
    before = dump(*store);
    begin = fs::file_size(home.path("/live") + volume_1);
    work.steps(1);
    after = dump(*store);
    end = fs::file_size(home.path("/live") + volume_1);
    copy_to(home.path("/live"), home.path("/crashed"));
  }
};

}  // namespace

CAF_TEST(a pause takes what was written before it into the index) {
  const scratch_directory home;
  std::counting_semaphore<> checkpoints{0};
  embedded::options wanted;
  wanted.quiet_checkpoint_bytes = 10'000;
  wanted.quiet_after = wanted.upkeep_interval = std::chrono::milliseconds{1};
  wanted.faults.at = [&](std::string_view step) {
    if (step == "checkpoint.done") checkpoints.release();
  };
  const auto store = open_embedded(home.path("/live"), wanted);
  const blocking calls{store->ports()};
  std::vector<mutation> many;
  for (int i = 0; i < 200; ++i) many.push_back(put("/d/" + std::to_string(i), std::string(100, 'x')));
  many.push_back(put("/fence", "1"));
  CAF_REQUIRE(calls.transact({"/fence", std::nullopt}, many).is_ok());
  CAF_REQUIRE(checkpoints.try_acquire_for(std::chrono::seconds{20}));
  // Too little for another one: a start replays it.
  CAF_REQUIRE(calls.transact({"/fence", "1"}, {put("/d/0", "y"), put("/fence", "2")}).is_ok());
  copy_to(home.path("/live"), home.path("/crashed"));
  const auto again = open_embedded(home.path("/crashed"));
  CAF_CHECK_EQUAL(again->recovered().replayed_windows, 1U);
  CAF_CHECK(dump(*again) == dump(*store));
}

CAF_TEST(entries that never name chunks are replayed as the others are) {
  const scratch_directory home;
  embedded::options plain;
  plain.never_names_chunks = [](std::string_view path) { return path.ends_with(".plain"); };
  const auto store = open_embedded(home.path("/live"), plain);
  const blocking calls{store->ports()};
  workload work{*store};
  std::mt19937 random{7};
  for (int i = 0; i < 60; ++i) {
    work.steps(1);
    std::vector<mutation> some;
    for (auto left = random() % 4; left > 0; --left) {
      const auto path = "/d/" + std::to_string(random() % 5) + ".plain";
      const auto length = random() % 2 == 0 ? random() % 9 : random() % 3000;
      some.push_back(random() % 4 == 0 ? erase(path) : put(path, std::string(length, static_cast<char>('a' + i % 26))));
    }
    some.push_back(put("/d/of window " + std::to_string(i), ""));
    CAF_CHECK(calls.transact({"/d/of window " + std::to_string(i), std::nullopt}, std::move(some)).is_ok());
  }
  for (const auto& rule : {plain, embedded::options{}}) {  // what is written does not depend on it
    copy_to(home.path("/live"), home.path("/crashed"));
    const auto again = open_embedded(home.path("/crashed"), rule);
    CAF_CHECK_EQUAL(again->recovered().replayed_windows, 120U);
    CAF_CHECK(dump(*again) == dump(*store));
  }
}

CAF_TEST(windows that were not synced are made durable together) {
  const scratch_directory home;
  embedded::options lazy;
  lazy.sync = false;
  lazy.volume_bytes = 100'000;
  const auto store = open_embedded(home.path("/live"), lazy);
  const blocking calls{store->ports()};
  for (int i = 0; i < 500; ++i) {
    const auto before = i == 0 ? std::nullopt : std::optional{std::to_string(i - 1)};
    CAF_REQUIRE(calls.transact({"/fence", before}, {put("/fence", std::to_string(i))}).is_ok());
  }
  copy_to(home.path("/live"), home.path("/crashed"));
  std::atomic<int> syncs{0};
  lazy.faults.sync = [&](int fd) {
    ++syncs;
    return ::fdatasync(fd);
  };
  const auto again = open_embedded(home.path("/crashed"), lazy);
  CAF_CHECK_EQUAL(again->recovered().replayed_windows, 500U);
  CAF_CHECK_EQUAL(blocking{again->ports()}.get("/fence").value.content, "499");
  CAF_CHECK_LESS(syncs, 5);
}

CAF_TEST(a store that is closed and opened again is the same and replays nothing) {
  const scratch_directory home;
  std::map<std::string, std::string> before;
  for (int round = 0; round < 3; ++round) {
    const auto store = open_embedded(home.path());
    CAF_CHECK(dump(*store) == before);
    CAF_CHECK_EQUAL(store->recovered().replayed_windows, 0U);
    const blocking calls{store->ports()};
    for (int i = 0; i < 20; ++i) {
      const auto path = "/d/" + std::to_string(round * 20 + i);
      const auto chunk = calls.put_chunk("chunk of " + path);
      CAF_CHECK(calls.transact({path, std::nullopt}, {put(path, "c", {{chunk.value, 0, 9 + path.size(), 0}})}).is_ok());
    }
    before = dump(*store);
    CAF_CHECK_EQUAL(before.size(), static_cast<std::size_t>((round + 1) * 20));
  }
}

CAF_TEST(chunk ids are not used again after a restart) {
  const scratch_directory home;
  std::vector<chunk_id> ids;
  for (int round = 0; round < 4; ++round) {
    const auto store = open_embedded(home.path());
    const blocking calls{store->ports()};
    const auto chunk = calls.put_chunk("x");
    const auto path = "/d/" + std::to_string(round);
    CAF_CHECK(calls.transact({path, std::nullopt}, {put(path, "", {{chunk.value, 0, 1, 0}})}).is_ok());
    CAF_CHECK(std::find(ids.begin(), ids.end(), chunk.value) == ids.end());
    ids.push_back(chunk.value);
  }
}

CAF_TEST(a crash at any step of a window leaves the state before it or after it) {
  const scratch_directory home;
  std::string copy_at;
  auto wanted = small_volumes();
  wanted.faults.at = [&](std::string_view step) {
    if (step == copy_at) copy_to(home.path("/live"), home.path("/crashed"));
  };
  const auto store = open_embedded(home.path("/live"), wanted);
  workload work{*store};
  auto before = dump(*store);
  for (int round = 0; round < 12; ++round) {
    for (const auto* step : {"window.taken", "window.appended", "window.synced", "window.indexed"}) {
      copy_at = step;
      CAF_CHECK(work.step(100).is_ok());
      copy_at.clear();
      const auto after = dump(*store);
      const auto crashed = open_embedded(home.path("/crashed"), small_volumes());
      const auto found = dump(*crashed);
      CAF_CHECK(found == (std::string_view{step} == "window.taken" ? before : after));
      before = after;
    }
  }
}

CAF_TEST(a last window that is cut at any byte goes and the store goes on) {
  last_window w;
  for (auto size = w.begin; size <= w.end; ++size) {
    copy_to(w.home.path("/crashed"), w.home.path("/cut"));
    fs::resize_file(w.home.path("/cut") + volume_1, size);
    const auto store = open_embedded(w.home.path("/cut"));
    const bool whole = size == w.end;
    CAF_CHECK(dump(*store) == (whole ? w.after : w.before));
    CAF_CHECK_EQUAL(store->recovered().cut_bytes, whole ? 0 : size - w.begin);
    if (size % 16 == 0) {
      const blocking calls{store->ports()};
      CAF_CHECK(calls.transact({"/f/new", std::nullopt}, {put("/f/new", "1")}).is_ok());
    }
  }
}

CAF_TEST(a last window with a bad byte anywhere goes) {
  last_window w;
  for (auto position = w.begin; position < w.end; position += 3) {
    copy_to(w.home.path("/crashed"), w.home.path("/bad"));
    flip_byte(w.home.path("/bad") + volume_1, position);
    const auto store = open_embedded(w.home.path("/bad"));
    CAF_CHECK(dump(*store) == w.before);
    CAF_CHECK_EQUAL(store->recovered().cut_bytes, w.end - w.begin);
  }
}

CAF_TEST(a bad byte in front of a good window is damage and the start says where) {
  last_window w;
  const auto volume = w.home.path("/crashed") + volume_1;
  std::ifstream in{volume, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  const auto header = embedded::decode_header(bytes);
  CAF_REQUIRE(header.has_value());
  const auto head = header->header_bytes + header->mutation_bytes;
  for (std::uint64_t position = 0; position < head; position += 5) {
    flip_byte(volume, position);
    const auto error = error_of_opening(w.home.path("/crashed"));
    CAF_CHECK(error.starts_with("the window at volume 1, position 0 cannot be read: "));
    flip_byte(volume, position);
  }
  CAF_CHECK_EQUAL(error_of_opening(w.home.path("/crashed")), "");
}

CAF_TEST(a bad chunk byte from before the last sync is found by the reader and not by the start) {
  const scratch_directory home;
  chunk_id id;
  {
    const auto store = open_embedded(home.path());
    const blocking calls{store->ports()};
    id = calls.put_chunk("0123456789").value;
    CAF_CHECK(calls.transact({"/d/a", std::nullopt}, {put("/d/a", "", {{id, 0, 10, 0}})}).is_ok());
  }
  flip_byte(home.path() + volume_1, fs::file_size(home.path() + volume_1) - 1);
  const auto store = open_embedded(home.path());
  const auto read = blocking{store->ports()}.get_chunk(id, 0, 10);
  CAF_CHECK(read.what.code == status::unknown && read.what.is_damaged);
  CAF_CHECK(read.what.reason.starts_with("damaged: chunk in volume 1 at "));
}

CAF_TEST(missing and foreign volumes are damage) {
  last_window w;
  const auto crashed = w.home.path("/crashed");
  fs::rename(crashed + volume_1, crashed + "/aside");
  CAF_CHECK(error_of_opening(crashed).find("no volumes") != std::string::npos);
  fs::rename(crashed + "/aside", crashed + volume_1);
  fs::remove(crashed + "/store");
  CAF_CHECK(!error_of_opening(crashed).empty());
}

CAF_TEST(volumes roll over and the ones without live chunks go) {
  const scratch_directory home;
  std::map<std::string, std::string> before;
  {
    const auto store = open_embedded(home.path(), small_volumes());
    workload work{*store};
    for (int i = 0; i < 120; ++i) CAF_CHECK(work.step(500).is_ok());
    before = dump(*store);
    CAF_CHECK(store->measure().volumes < 30);
    CAF_CHECK(store->measure().live_bytes <= 7 * 500);
    CAF_CHECK_EQUAL(store->measure().unnamed_bytes, 0U);
  }
  const auto store = open_embedded(home.path(), small_volumes());
  CAF_CHECK(dump(*store) == before);
  CAF_CHECK(store->measure().volumes <= 8);
}

CAF_TEST(a new and empty volume does not let the one go where a replay begins) {
  const scratch_directory home;
  auto wanted = small_volumes();
  std::atomic<bool> full{false};
  wanted.faults.write = [&](int fd, const iovec* parts, int count, off_t position) -> ssize_t {
    if (full) errno = ENOSPC;
    return full ? -1 : ::pwritev(fd, parts, count, position);
  };
  {
    const auto store = open_embedded(home.path(), wanted);
    const blocking calls{store->ports()};
    CAF_CHECK(calls.transact({"/f/a", std::nullopt}, {put("/f/a", std::string(3000, 'a'))}).is_ok());
    full = true;
    CAF_CHECK(calls.transact({"/f/b", std::nullopt}, {put("/f/b", "b")}).code == status::refused);
    CAF_CHECK_EQUAL(store->measure().volumes, 2U);
  }
  for (int round = 0; round < 3; ++round) {
    full = false;
    const auto store = open_embedded(home.path(), wanted);
    CAF_CHECK_EQUAL(dump(*store).size(), static_cast<std::size_t>(std::max(round, 1)));
    const auto path = "/f/" + std::to_string(round);
    if (round > 0) CAF_CHECK(blocking{store->ports()}.transact({path, std::nullopt}, {put(path, "x")}).is_ok());
    if (round == 2) CAF_CHECK_EQUAL(store->measure().volumes, 1U);
  }
}

CAF_TEST(one process per data directory) {
  const scratch_directory home;
  const auto store = open_embedded(home.path());
  const auto error = error_of_opening(home.path());
  CAF_CHECK(error.find("in use") != std::string::npos);
}
