#define CAF_SUITE embedded_doctor
#include "smq/embedded/doctor.hpp"

#include "smq/embedded/snapshot.hpp"
#include "tests/smq/test_engine.hpp"

#include <atomic>
#include <fstream>
#include <thread>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;
using embedded::examine;
using embedded::take_snapshot;
namespace fs = std::filesystem;

namespace {

const std::string volume_1 = "/volumes/0000000001";

embedded::options small_volumes() {
  embedded::options wanted;
  wanted.volume_bytes = 3000;
  wanted.checkpoint_volume_bytes = 30'000;
  wanted.vacuum_batch_bytes = 500;
  wanted.upkeep_interval = std::chrono::milliseconds{100};  // a snapshot gives up under endless checkpoints
  return wanted;
}

/// Every file with its bytes.
std::map<std::string, std::string> bytes_of(const std::string& directory) {
  std::map<std::string, std::string> all;
  for (const auto& item : fs::recursive_directory_iterator{directory}) {
    std::ifstream in{item.path(), std::ios::binary};
    all[item.path()] = item.is_directory() ? "" : std::string{std::istreambuf_iterator<char>{in}, {}};
  }
  return all;
}

/// One entry per window; "/d/<n % 9>" names a chunk that says n.
class writer {
 public:
  explicit writer(embedded::engine& opened) : store_{opened.ports()} {}

  bool step() {
    const auto text = std::to_string(next_) + std::string(200, ' ');
    const chunk_ref chunk{store_.put_chunk(text).value, 0, text.size(), 0};
    const auto before = next_ == 0 ? std::nullopt : std::optional{std::to_string(next_ - 1)};
    const auto done = store_.transact({"/fence", before}, {put("/d/" + std::to_string(next_ % 9), "", {chunk}),
                                                           put("/fence", std::to_string(next_))});
    ++next_;
    return done.is_ok();
  }

  void steps(int count) {
    for (int i = 0; i < count; ++i) CAF_CHECK(step());
  }

 private:
  blocking store_;
  int next_ = 0;
};

/// A store at rest: checkpointed, or as a crash left it with windows to replay.
void make_store(const scratch_directory& home, bool crashed) {
  const auto store = open_embedded(home.path("/live"));
  writer{*store}.steps(20);
  if (crashed) fs::copy(home.path("/live"), home.path("/data"), fs::copy_options::recursive);
}

/// The last number that a store has, after a check that its entries fit to it.
int newest_in(const std::string& directory) {
  const auto store = open_embedded(directory, small_volumes());
  const blocking calls{store->ports()};
  const auto newest = std::stoi(calls.get("/fence").value.content);
  for (int i = newest; i > newest - 9; --i) {
    const auto one = calls.get("/d/" + std::to_string(i % 9));
    CAF_REQUIRE(one.is_ok());
    const auto bytes = calls.get_chunk(one.value.chunks.at(0).id, 0, one.value.chunks.at(0).size);
    CAF_CHECK(bytes.is_ok() && as_text(bytes.value.view()).starts_with(std::to_string(i) + " "));
  }
  return newest;
}

}  // namespace

CAF_TEST(a store that was closed is fine and not a byte of it changes) {
  const scratch_directory home;
  make_store(home, false);
  const auto before = bytes_of(home.path("/live"));
  const auto found = examine(home.path("/live"));
  CAF_CHECK_EQUAL(found.refused, "");
  CAF_CHECK(found.is_fine());
  CAF_CHECK_EQUAL(found.entries, 10U);
  CAF_CHECK_EQUAL(found.chunks, 9U);
  CAF_CHECK_EQUAL(found.replay_windows, 0U);
  CAF_CHECK_EQUAL(found.volumes, 1U);
  CAF_CHECK(bytes_of(home.path("/live")) == before);
}

CAF_TEST(after a crash it says what a start would do) {
  const scratch_directory home;
  make_store(home, true);
  const auto volume = home.path("/data") + volume_1;
  fs::resize_file(volume, fs::file_size(volume) - 1);
  const auto before = bytes_of(home.path("/data"));
  const auto found = examine(home.path("/data"));
  CAF_CHECK(found.is_fine());
  CAF_CHECK_EQUAL(found.replay_windows, 19U);
  CAF_CHECK_EQUAL(found.replay_from, "volume 1, position 0");
  CAF_CHECK(bytes_of(home.path("/data")) == before);
  const auto store = open_embedded(home.path("/data"));
  CAF_CHECK_EQUAL(store->recovered().replayed_windows, found.replay_windows);
  CAF_CHECK_EQUAL(store->recovered().cut_bytes, found.cut_bytes);
  CAF_CHECK_EQUAL(store->recovered().cut_at, found.cut_at);
}

CAF_TEST(damage is named with its place) {
  const scratch_directory home;
  make_store(home, false);
  const auto volume = home.path("/live") + volume_1;
  const auto bytes = bytes_of(home.path("/live")).at(volume);
  const auto at = bytes.rfind("19   ");
  std::fstream{volume, std::ios::in | std::ios::out | std::ios::binary}.seekp(static_cast<std::streamoff>(at)).put('!');
  const auto found = examine(home.path("/live"));
  CAF_REQUIRE_EQUAL(found.damages, 1U);
  CAF_CHECK_EQUAL(found.damage[0].place, "/d/1");
  CAF_CHECK(found.damage[0].what.find("volume 1, position " + std::to_string(at)) != std::string::npos);
  CAF_CHECK_EQUAL(found.start_refuses, "");
}

CAF_TEST(damage that only a start without an index would meet is named) {
  const scratch_directory home;
  make_store(home, false);
  const auto volume = home.path("/live") + volume_1;
  const auto at = bytes_of(home.path("/live")).at(volume).find("/d/3");  // in the mutations of the fourth window
  std::fstream{volume, std::ios::in | std::ios::out | std::ios::binary}.seekp(static_cast<std::streamoff>(at)).put('!');
  const auto found = examine(home.path("/live"));
  CAF_CHECK_EQUAL(found.start_refuses, "");
  CAF_REQUIRE_EQUAL(found.damages, 1U);
  CAF_CHECK(found.damage[0].place.starts_with("volume 1, position "));
  fs::remove_all(home.path("/live/index"));
  CAF_CHECK(!examine(home.path("/live")).start_refuses.empty());
}

CAF_TEST(what a start refuses is said in its words) {
  const scratch_directory home;
  make_store(home, true);
  std::fstream{home.path("/data") + volume_1, std::ios::in | std::ios::out | std::ios::binary}.seekp(70).put('!');
  embedded::options wanted;
  wanted.data_dir = home.path("/data");
  const auto found = examine(home.path("/data"));
  CAF_CHECK(!found.is_fine());
  CAF_CHECK_EQUAL(found.start_refuses, embedded::open(std::move(wanted)).error);
  fs::remove(home.path("/live") + volume_1);
  CAF_CHECK(!examine(home.path("/live")).start_refuses.empty());
}

CAF_TEST(a store without an index is fine where a start builds one) {
  const scratch_directory home;
  make_store(home, false);
  CAF_CHECK(!examine(home.path("/live")).lacks_index);
  fs::remove_all(home.path("/live/index"));
  const auto before = bytes_of(home.path("/live"));
  const auto found = examine(home.path("/live"));
  CAF_CHECK_EQUAL(found.refused, "");
  CAF_CHECK_EQUAL(found.start_refuses, "");
  CAF_CHECK(found.is_fine());
  CAF_CHECK(found.lacks_index);
  CAF_CHECK_EQUAL(found.entries, 10U);
  CAF_CHECK_EQUAL(found.chunks, 9U);
  CAF_CHECK_EQUAL(found.replay_windows, 20U);
  CAF_CHECK(bytes_of(home.path("/live")) == before);
  CAF_CHECK_EQUAL(newest_in(home.path("/live")), 19);
}

CAF_TEST(a store that was just made is fine) {
  const scratch_directory home;
  open_embedded(home.path("/live")).reset();
  fs::remove_all(home.path("/live/index"));  // a start that was cut off before it had one
  const auto found = examine(home.path("/live"));
  CAF_CHECK(found.refused.empty() && found.is_fine());
  CAF_CHECK(found.lacks_index);
  CAF_CHECK_EQUAL(found.replay_windows, 0U);
}

CAF_TEST(a start without an index or a store file that is refused is said in its words) {
  const scratch_directory home;
  const auto same_words = [&](const std::string& what) {
    embedded::options wanted;
    wanted.data_dir = home.path("/" + what);
    const auto found = examine(wanted.data_dir);
    CAF_CHECK_EQUAL(found.refused, "");
    CAF_CHECK(!found.start_refuses.empty());
    CAF_CHECK_EQUAL(found.start_refuses, embedded::open(std::move(wanted)).error);
  };
  make_store(home, true);
  for (const auto* what : {"vacuumed", "alone", "empty", "gone"})
    fs::copy(home.path("/data"), home.path(std::string{"/"} + what), fs::copy_options::recursive);
  fs::remove_all(home.path("/vacuumed/index"));
  fs::rename(home.path("/vacuumed" + volume_1), home.path("/vacuumed/volumes/0000000002"));
  same_words("vacuumed");
  fs::remove_all(home.path("/alone/index"));
  fs::remove(home.path("/alone/store"));
  same_words("alone");
  fs::remove(home.path("/empty" + volume_1));
  same_words("empty");
  fs::remove_all(home.path("/gone/volumes"));
  same_words("gone");
}

CAF_TEST(where a node runs and where no store is nothing is looked at) {
  const scratch_directory home;
  CAF_CHECK(examine(home.path()).refused.find("a start would make a new store") != std::string::npos);
  CAF_CHECK(examine(home.path("/nowhere")).refused.find("a start would make a new store") != std::string::npos);
  CAF_CHECK(bytes_of(home.path()).empty());
  const auto store = open_embedded(home.path("/live"));
  CAF_CHECK(examine(home.path("/live")).refused.find("a node runs") != std::string::npos);
}

CAF_TEST(a snapshot of a store at rest is that store) {
  const scratch_directory home;
  make_store(home, true);
  const auto before = bytes_of(home.path("/data"));
  const auto made = take_snapshot(home.path("/data"), home.path("/copy"));
  CAF_CHECK_EQUAL(made.error, "");
  CAF_CHECK_EQUAL(made.last_window, 20U);
  CAF_CHECK(bytes_of(home.path("/data")) == before);
  CAF_CHECK(examine(home.path("/copy")).is_fine());
  CAF_CHECK_EQUAL(newest_in(home.path("/copy")), 19);
  CAF_CHECK(!take_snapshot(home.path("/data"), home.path("/copy")).error.empty());
  CAF_CHECK(!take_snapshot(home.path(), home.path("/other")).error.empty());
  CAF_CHECK(!fs::exists(home.path("/other")) && !fs::exists(home.path("/other.unfinished")));
}

CAF_TEST(snapshots of a store that is written and vacuumed have all that was acknowledged) {
  const scratch_directory home;
  const auto store = open_embedded(home.path("/live"), small_volumes());
  std::atomic<int> acknowledged{-1};
  std::atomic<bool> done{false};
  std::thread load{[&] {
    for (writer work{*store}; !done && work.step();) ++acknowledged;
  }};
  for (int i = 0; i < 10; ++i) {
    while (acknowledged < 50 * (i + 1)) std::this_thread::yield();
    const auto before = acknowledged.load();
    const auto copy = home.path("/copy-" + std::to_string(i));
    const auto made = take_snapshot(home.path("/live"), copy);
    CAF_CHECK_EQUAL(made.error, "");
    const auto found = examine(copy);
    CAF_CHECK(found.is_fine());
    CAF_CHECK_EQUAL(found.cut_bytes, 0U);
    const auto newest = newest_in(copy);
    CAF_CHECK(newest >= before);
    CAF_CHECK(newest <= acknowledged + 1);
  }
  done = true;
  load.join();
}
