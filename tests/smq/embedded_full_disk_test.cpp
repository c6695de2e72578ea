#define CAF_SUITE embedded_full_disk
#include "tests/smq/test_engine.hpp"

#include <sys/uio.h>

#include <atomic>
#include <cerrno>
#include <semaphore>
#include <thread>

using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

constexpr std::uint64_t reserve = 400'000;

/// A store on a disk of which the test says how much is free.
struct full_disk {
  scratch_directory home;
  std::atomic<std::uint64_t> free{1ULL << 40};
  std::atomic<int> removed{0};  // volumes
  std::atomic<int> checkpoints{0};
  std::binary_semaphore reached{0};
  std::binary_semaphore go_on{0};
  std::atomic<bool> holds{false};  // the writer, when it has taken a window
  std::atomic<int> failing_writes{0};
  std::unique_ptr<embedded::engine> store;
  int fence = 0;

  explicit full_disk(std::uint64_t volume_bytes = 50'000) {
    embedded::options wanted;
    wanted.reserve_bytes = reserve;
    wanted.volume_bytes = volume_bytes;
    wanted.checkpoint_volume_bytes = 4 * volume_bytes;
    wanted.upkeep_interval = std::chrono::milliseconds{1};
    wanted.faults.free_bytes = [this] { return free.load(); };
    wanted.faults.write = [this](int fd, const iovec* parts, int count, off_t position) {
      if (failing_writes <= 0) return ::pwritev(fd, parts, count, position);
      --failing_writes;
      errno = ENOSPC;
      return ssize_t{-1};
    };
    wanted.faults.at = [this](std::string_view step) {
      if (step == "vacuum.removed") ++removed;
      if (step == "checkpoint.begun") ++checkpoints;
      if (step != "window.taken" || !holds.exchange(false)) return;
      reached.release();
      go_on.acquire();
    };
    store = open_embedded(home.path(), wanted);
    CAF_CHECK(write({}).is_ok());
  }

  [[nodiscard]] blocking calls() const { return {store->ports()}; }

  /// A mutation that stores `bytes` under a name.
  [[nodiscard]] mutation record(const std::string& name, std::size_t bytes) const {
    return put("/d/" + name, "", {{calls().put_chunk(std::string(bytes, 'r')).value, 0, bytes, 0}});
  }

  outcome write(std::vector<mutation> mutations) {
    const auto before = fence == 0 ? std::nullopt : std::optional{std::to_string(fence)};
    mutations.push_back(put("/fence", std::to_string(fence + 1)));
    auto done = calls().transact({"/fence", before}, std::move(mutations));
    if (done.is_ok()) ++fence;
    return done;
  }

  [[nodiscard]] bool refuses(std::vector<mutation> mutations) {
    const auto done = write(std::move(mutations));
    CAF_CHECK(done.is_ok() || (done.code == status::refused && done.reason == "disk full"));
    return !done.is_ok();
  }

  template <class Condition>
  void wait_until(Condition holds_now) const {
    const auto deadline = soon();
    while (!holds_now() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    CAF_CHECK(holds_now());
  }
};

}  // namespace

CAF_TEST(records are refused first then commits and last what frees space) {
  full_disk disk;
  for (const auto* name : {"a", "b", "c"}) CAF_CHECK(!disk.refuses({disk.record(name, 1000)}));
  disk.free = reserve + 900;
  CAF_CHECK(disk.refuses({disk.record("x", 1000)}));
  CAF_CHECK(!disk.refuses({put("/commit", "1")}));
  disk.free = reserve / 2 + 1;
  CAF_CHECK(disk.refuses({put("/commit", "2")}));
  CAF_CHECK(!disk.refuses({erase("/d/a")}));
  CAF_CHECK(!disk.refuses({disk.record("producers", 50'000), erase("/d/b")}));
  CAF_CHECK(disk.refuses({disk.record("merged", 70'000), erase("/d/c")}));
  disk.free = reserve / 4 + 1;
  CAF_CHECK(disk.refuses({erase("/d/c")}));
  CAF_CHECK(disk.calls().remove_tree("/d").code != status::ok);
  CAF_CHECK(disk.calls().get("/d/c").is_ok());
  CAF_CHECK(disk.calls().get("/d/a").what.code == status::absent);
  disk.free = 1ULL << 40;
  CAF_CHECK(!disk.refuses({disk.record("x", 1000)}));
}

CAF_TEST(a refused record takes nobody along who waited for the same window) {
  full_disk disk;
  disk.free = reserve;
  auto refused = std::make_shared<std::promise<outcome>>();
  auto taken = std::make_shared<std::promise<outcome>>();
  disk.holds = true;
  disk.store->transact({"/first", std::nullopt}, {put("/first", "1")}, soon(), [](const outcome&) {});
  disk.reached.acquire();
  disk.store->transact({"/r", std::nullopt}, {disk.record("x", 1000), put("/r", "1")}, soon(),
                       [refused](outcome what) { refused->set_value(std::move(what)); });
  disk.store->transact({"/c", std::nullopt}, {put("/c", "1")}, soon(),
                       [taken](outcome what) { taken->set_value(std::move(what)); });
  disk.go_on.release();
  CAF_CHECK_EQUAL(refused->get_future().get().reason, "disk full");
  CAF_CHECK(taken->get_future().get().is_ok());
}

CAF_TEST(dead volumes go while nothing at all may be written) {
  full_disk disk;
  for (int i = 0; i < 20; ++i) CAF_CHECK(!disk.refuses({disk.record(std::to_string(i), 20'000)}));
  disk.free = reserve / 2;
  CAF_CHECK(disk.calls().remove_tree("/d").is_ok());
  disk.free = 0;
  disk.wait_until([&] { return disk.removed >= 5; });
  CAF_CHECK(disk.refuses({erase("/commit")}));
}

CAF_TEST(a volume that holds nothing any more is left before it is full) {
  full_disk disk(1ULL << 30);
  CAF_CHECK(!disk.refuses({disk.record("x", 100'000)}));
  disk.free = reserve;
  CAF_CHECK(!disk.refuses({erase("/d/x")}));
  disk.wait_until([&] { return disk.store->measure().volume_bytes < 1000; });
  // Commits alone never fill the disk either.
  for (int i = 0; i < 500; ++i) CAF_CHECK(!disk.refuses({put("/commit", std::string(1000, 'c'))}));
  disk.wait_until([&] { return disk.store->measure().volume_bytes < 2 * reserve / 32; });
  disk.store.reset();
  const auto again = open_embedded(disk.home.path());
  CAF_CHECK_EQUAL(blocking{again->ports()}.get("/commit").value.content, std::string(1000, 'c'));
}

CAF_TEST(a fence is taken while there is room for what frees space) {
  full_disk disk;
  disk.free = reserve / 4 + 1000;
  CAF_CHECK(disk.refuses({put("/commit", "1")}));
  CAF_CHECK(disk.calls().transact({"/other", std::nullopt}, {put("/commit", "1")}).code == status::refused);
  CAF_CHECK(disk.calls().transact({"/node", std::nullopt}, {put("/node", "1")}).is_ok());
  CAF_CHECK(disk.calls().transact({"/node", "1"}, {put("/node", "2")}).is_ok());
  CAF_CHECK(disk.calls().transact({"/node", "2"}, {disk.record("x", 10)}).code == status::refused);
  disk.free = reserve / 4;
  CAF_CHECK(disk.calls().transact({"/node", "2"}, {put("/node", "3")}).code == status::refused);
}

CAF_TEST(a refused write makes a quiet store look for what can go) {
  for (const auto free : {reserve / 2, std::uint64_t{0}}) {
    full_disk disk(1ULL << 30);
    CAF_CHECK(!disk.refuses({disk.record("x", 100'000)}));
    CAF_CHECK(!disk.refuses({erase("/d/x")}));
    std::this_thread::sleep_for(std::chrono::milliseconds{50});  // nothing is to be done, and the writer waits
    disk.failing_writes = 2;  // the next volume is there before a window is in it
    disk.free = free;         // somebody else took it
    CAF_CHECK(disk.refuses({disk.record("y", 1000)}));
    disk.wait_until([&] { return disk.store->measure().volume_bytes < 1000; });
    CAF_CHECK_EQUAL(disk.failing_writes, 0);
  }
}

CAF_TEST(commits do not fill the disk behind records that stay) {
  full_disk disk(1ULL << 30);
  CAF_CHECK(!disk.refuses({disk.record("x", 100'000)}));
  disk.free = reserve;
  for (int i = 0; i < 80; ++i) CAF_CHECK(!disk.refuses({put("/commit", std::string(1000, 'c'))}));
  disk.wait_until([&] { return disk.store->measure().volume_bytes < 100'000 + 3 * reserve / 32; });
  CAF_CHECK(disk.calls().get("/d/x").is_ok());
}

CAF_TEST(half dead volumes that a start would replay are copied after a checkpoint) {
  full_disk disk;
  for (int i = 0; i < 7; ++i) CAF_CHECK(!disk.refuses({disk.record(std::to_string(i), 20'000)}));
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  CAF_CHECK_EQUAL(disk.checkpoints, 0);
  disk.free = reserve;
  for (int i = 0; i < 6; ++i) {
    if (i % 3 != 0) CAF_CHECK(!disk.refuses({erase("/d/" + std::to_string(i))}));
  }
  disk.wait_until([&] { return disk.removed >= 2; });
  for (const auto* name : {"/d/0", "/d/3", "/d/6"}) {
    const auto one = disk.calls().get(name);
    CAF_REQUIRE(one.is_ok());
    CAF_CHECK(disk.calls().get_chunk(one.value.chunks.at(0).id, 0, 20'000).is_ok());
  }
}

CAF_TEST(a volume that is half dead is copied as long as the copy fits) {
  full_disk disk;
  for (int i = 0; i < 12; ++i) CAF_CHECK(!disk.refuses({disk.record(std::to_string(i), 20'000)}));
  // Of each volume one of three is alive: too little for the vacuum, were there room.
  // And none yet: a copy takes what the erasures in its window would need.
  disk.free = reserve / 4 + 19'000;
  for (int i = 0; i < 12; ++i) {
    if (i % 3 != 0) CAF_CHECK(!disk.refuses({erase("/d/" + std::to_string(i))}));
  }
  disk.free = reserve;
  disk.wait_until([&] { return disk.removed >= 3; });
  for (int i = 0; i < 12; i += 3) {
    const auto one = disk.calls().get("/d/" + std::to_string(i));
    CAF_REQUIRE(one.is_ok());
    CAF_CHECK(disk.calls().get_chunk(one.value.chunks.at(0).id, 0, 20'000).is_ok());
  }
}

CAF_TEST(near a full disk what changed goes into the index while its table still fits) {
  full_disk disk{10'000'000};
  const auto write_some = [&](int from) {
    for (int i = from; i < from + 100; ++i)
      CAF_CHECK(disk.write({put("/d/" + std::to_string(i), std::string(1000, 'c'))}).is_ok());
  };
  write_some(0);
  CAF_CHECK_EQUAL(disk.checkpoints, 0);
  disk.free = 2 * reserve;  // 200 000 bytes of what changed are too much
  write_some(100);
  disk.wait_until([&] { return disk.checkpoints > 0; });  // it begins on a thread of its own
}
