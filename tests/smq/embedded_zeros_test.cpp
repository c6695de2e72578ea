#define CAF_SUITE embedded_zeros
#include "smq/embedded/doctor.hpp"
#include "smq/embedded/snapshot.hpp"
#include "tests/smq/embedded_workload.hpp"

#include <sys/uio.h>

#include <atomic>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;
namespace fs = std::filesystem;

/// Zeros that are written ahead: windows overwrite them, and no start, check or copy takes them for anything else.
namespace {

constexpr std::uint64_t ahead = 4096;

embedded::options with_zeros(embedded::options wanted = {}) {
  wanted.zeros_ahead_bytes = ahead;
  wanted.small_window_bytes = 1000;
  return wanted;
}

std::uint64_t size_of_first(const std::string& data_dir) { return fs::file_size(data_dir + volume_1); }

}  // namespace

CAF_TEST(small windows overwrite zeros and large ones append) {
  const scratch_directory home;
  const auto store = open_embedded(home.path(), with_zeros());
  workload work{*store};
  work.steps(1);
  const auto first = size_of_first(home.path());
  CAF_CHECK(first > ahead);
  work.steps(5);
  CAF_CHECK_EQUAL(size_of_first(home.path()), first);
  CAF_CHECK_EQUAL(store->measure().volume_bytes < ahead, true);
  CAF_CHECK(work.step(3 * ahead).is_ok());
  CAF_CHECK_EQUAL(size_of_first(home.path()), store->measure().volume_bytes);
  work.steps(1);
  CAF_CHECK_EQUAL(size_of_first(home.path()), store->measure().volume_bytes + ahead);
}

CAF_TEST(without sync there are no zeros) {
  const scratch_directory home;
  auto wanted = with_zeros();
  wanted.sync = false;
  const auto store = open_embedded(home.path(), wanted);
  workload{*store}.steps(2);
  CAF_CHECK_EQUAL(size_of_first(home.path()), store->measure().volume_bytes);
}

CAF_TEST(full volumes and those of a closed store end with their last window) {
  const scratch_directory home;
  std::uint64_t bytes = 0;
  const auto on_disk = [&] {
    std::uint64_t all = 0;
    for (const auto& volume : fs::directory_iterator(home.path("/volumes"))) all += volume.file_size();
    return all;
  };
  {
    const auto store = open_embedded(home.path(), with_zeros(small_volumes()));
    workload{*store}.steps(60);
    bytes = store->measure().volume_bytes;
    CAF_CHECK(store->measure().volumes > 1U);
    CAF_CHECK(on_disk() <= bytes + ahead);
  }
  CAF_CHECK(on_disk() <= bytes);
}

CAF_TEST(a crash at any step with zeros ahead leaves the state before it or after it) {
  const scratch_directory home;
  std::string copy_at;
  auto wanted = with_zeros(small_volumes());
  wanted.faults.at = [&](std::string_view step) {
    if (step == copy_at) copy_to(home.path("/live"), home.path("/crashed"));
  };
  const auto store = open_embedded(home.path("/live"), wanted);
  workload work{*store};
  auto before = dump(*store);
  for (int round = 0; round < 20; ++round) {
    for (const auto* step : {"window.taken", "window.appended", "window.synced", "window.indexed"}) {
      copy_at = step;
      CAF_CHECK(work.step(round % 4 == 3 ? 1200 : 100).is_ok());
      copy_at.clear();
      const auto after = dump(*store);
      const auto crashed = open_embedded(home.path("/crashed"), with_zeros(small_volumes()));
      CAF_CHECK(dump(*crashed) == (std::string_view{step} == "window.taken" ? before : after));
      CAF_CHECK_EQUAL(crashed->recovered().cut_bytes, 0U);
      before = after;
    }
  }
}

CAF_TEST(a window that is torn over zeros goes at any byte) {
  const scratch_directory home;
  const auto live = home.path("/live");
  const auto store = open_embedded(live, with_zeros());
  workload work{*store};
  work.steps(6);
  const auto before = dump(*store);
  const auto begin = store->measure().volume_bytes;
  work.steps(1);
  const auto after = dump(*store);
  const auto end = store->measure().volume_bytes;
  const auto torn = home.path("/torn");
  for (auto whole = begin; whole <= end; ++whole) {
    copy_to(live, torn);
    const auto size = size_of_first(torn);
    fs::resize_file(torn + volume_1, whole);
    fs::resize_file(torn + volume_1, size);  // zeros again
    // The bytes of the last chunk are no zeros, so that every cut is seen.
    const auto found = embedded::examine(torn);
    CAF_CHECK_EQUAL(found.start_refuses, "");
    CAF_CHECK_EQUAL(found.cut_bytes > 0, whole > begin && whole < end);
    const auto opened = open_embedded(torn, with_zeros());
    CAF_CHECK(dump(*opened) == (whole == end ? after : before));
    CAF_CHECK_EQUAL(opened->recovered().cut_bytes > 0, whole > begin && whole < end);
    if (whole % 16 > 0) continue;
    const blocking calls{opened->ports()};
    CAF_CHECK(calls.transact({"/f/new", std::nullopt}, {put("/f/new", "1")}).is_ok());
  }
}

CAF_TEST(zeros in a volume that another one follows are damage) {
  const scratch_directory home;
  const auto crashed = home.path("/crashed");
  auto wanted = with_zeros();
  wanted.volume_bytes = 500;
  {
    const auto store = open_embedded(home.path("/live"), wanted);
    workload{*store}.steps(8);
    CAF_REQUIRE(store->measure().volumes > 2U);
    copy_to(home.path("/live"), crashed);
  }
  fs::resize_file(crashed + volume_1, size_of_first(crashed) + ahead);
  wanted.data_dir = crashed;
  CAF_CHECK(embedded::open(wanted).error.starts_with("the window at volume 1, "));
  // Also when the next one is missing: nothing of those behind it may go.
  fs::remove(crashed + "/volumes/0000000002");
  CAF_CHECK(embedded::open(wanted).error.starts_with("the window at volume 1, "));
  CAF_CHECK(fs::exists(crashed + "/volumes/0000000003"));
}

CAF_TEST(a write that fails over zeros leaves the store as it was) {
  const scratch_directory home;
  std::atomic<bool> full{false};
  auto wanted = with_zeros();
  wanted.faults.write = [&](int fd, const iovec* parts, int count, off_t position) -> ssize_t {
    if (!full) return ::pwritev(fd, parts, count, position);
    ::pwritev(fd, parts, 1, position);
    errno = ENOSPC;
    return -1;
  };
  std::map<std::string, std::string> before;
  {
    const auto store = open_embedded(home.path("/live"), wanted);
    workload work{*store};
    work.steps(3);
    before = dump(*store);
    full = true;
    CAF_CHECK(work.step().code == status::refused);
    full = false;
    CAF_CHECK_EQUAL(size_of_first(home.path("/live")), store->measure().volume_bytes);
    copy_to(home.path("/live"), home.path("/crashed"));
    work.steps(3);
    CAF_CHECK(size_of_first(home.path("/live")) > store->measure().volume_bytes);
  }
  CAF_CHECK(dump(*open_embedded(home.path("/crashed"), wanted)) == before);
}

CAF_TEST(no volume comes behind one whose zeros cannot be cut) {
  const scratch_directory home;
  const auto live = home.path("/live");
  const auto crashed = home.path("/crashed");
  std::atomic<int> failing{0};
  auto wanted = with_zeros();
  wanted.volume_bytes = 500;
  wanted.faults.truncate = [&](int fd, off_t size) {
    if (failing == 0) return ::ftruncate(fd, size);
    --failing;
    errno = EIO;
    return -1;
  };
  const auto store = open_embedded(live, wanted);
  workload work{*store};
  while (store->measure().volume_bytes < wanted.volume_bytes) work.steps(1);
  const auto before = dump(*store);
  const auto full = store->measure().volume_bytes;
  failing = 2;
  while (failing > 0) {
    CAF_CHECK(work.step().code == status::refused);
    CAF_CHECK_EQUAL(store->measure().volumes, 1U);
    CAF_CHECK_EQUAL(store->measure().volume_bytes, full);
    CAF_CHECK(dump(*store) == before);
    copy_to(live, crashed);
    CAF_CHECK(dump(*open_embedded(crashed)) == before);
  }
  work.steps(1);
  CAF_CHECK_EQUAL(store->measure().volumes, 2U);
  CAF_CHECK_EQUAL(size_of_first(live), full);
  copy_to(live, crashed);  // a start would refuse zeros that another volume follows
  CAF_CHECK(dump(*open_embedded(crashed)) == dump(*store));
}

CAF_TEST(a write that can be neither made nor undone ends the process) {
  const scratch_directory home;
  std::atomic<bool> is_broken{false};
  std::atomic<int> fatal_calls{0};
  auto wanted = with_zeros();
  wanted.faults.write = [&](int fd, const iovec* parts, int count, off_t position) -> ssize_t {
    if (!is_broken) return ::pwritev(fd, parts, count, position);
    ::pwritev(fd, parts, 1, position);
    errno = EIO;
    return -1;
  };
  wanted.faults.truncate = [&](int fd, off_t size) {
    if (!is_broken) return ::ftruncate(fd, size);
    errno = EIO;
    return -1;
  };
  wanted.faults.fatal = [&](const std::string&) { ++fatal_calls; };
  std::map<std::string, std::string> before;
  {
    const auto store = open_embedded(home.path(), wanted);
    workload work{*store};
    work.steps(3);
    before = dump(*store);
    is_broken = true;
    CAF_CHECK(work.step().code == status::unknown);
    CAF_CHECK_EQUAL(fatal_calls.load(), 1);
    is_broken = false;
    CAF_CHECK(work.step().code == status::refused);
  }
  const auto again = open_embedded(home.path());
  CAF_CHECK(again->recovered().cut_bytes > 0);
  CAF_CHECK(dump(*again) == before);
}

CAF_TEST(a snapshot of a store that runs ends with the last window) {
  const scratch_directory home;
  const auto store = open_embedded(home.path("/live"), with_zeros());
  workload{*store}.steps(5);
  const auto taken = embedded::take_snapshot(home.path("/live"), home.path("/copy"));
  CAF_REQUIRE_EQUAL(taken.error, "");
  CAF_CHECK_EQUAL(size_of_first(home.path("/copy")), store->measure().volume_bytes);
  CAF_CHECK(dump(*open_embedded(home.path("/copy"), with_zeros())) == dump(*store));
}
