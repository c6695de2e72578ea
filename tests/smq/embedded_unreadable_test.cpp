#define CAF_SUITE embedded_unreadable
#include "tests/smq/embedded_workload.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;
namespace fs = std::filesystem;

namespace {

std::map<std::string, std::uintmax_t> sizes_in(const std::string& directory) {
  std::map<std::string, std::uintmax_t> all;
  for (const auto& file : fs::directory_iterator(directory)) all.emplace(file.path().filename(), file.file_size());
  return all;
}

/// A store that a crash left with windows to replay, and what is in it.
struct crashed_store {
  scratch_directory home;
  std::map<std::string, std::string> expected;
  const std::string original = home.path("/crashed");
  const std::string copy = home.path("/copy");

  explicit crashed_store(int windows, const embedded::options& wanted = {}) {
    const auto store = open_embedded(home.path("/live"), wanted);
    workload work{*store};
    work.steps(windows);
    expected = dump(*store);
    copy_to(home.path("/live"), original);
  }

  /// A start that meets `faults` refuses and changes no volume, or has everything. True: it refused.
  bool start(const embedded::hooks& faults) {
    fs::remove_all(copy);
    fs::copy(original, copy, fs::copy_options::recursive);
    embedded::options wanted;
    wanted.data_dir = copy;
    wanted.faults = faults;
    auto opened = embedded::open(std::move(wanted));
    const bool is_refused = !opened.store;
    if (is_refused) {
      CAF_CHECK(opened.error.find("error") != std::string::npos || opened.error.find("open") != std::string::npos);
      CAF_CHECK(sizes_in(copy + "/volumes") == sizes_in(original + "/volumes"));
    }
    opened.store.reset();
    CAF_CHECK(dump(*open_embedded(copy)) == expected);
    return is_refused;
  }
};

}  // namespace

CAF_TEST(a page that cannot be read is no torn tail) {
  crashed_store one{100};
  constexpr std::uint64_t page_bytes = 1024;
  const auto size = fs::file_size(one.original + volume_1);
  std::size_t refused = 0;
  std::size_t pages = 0;
  for (std::uint64_t page = 0; page < size; page += page_bytes) {
    embedded::hooks faults;
    faults.read = [page](int fd, std::span<std::byte> into, off_t position) -> ssize_t {
      const auto at = static_cast<std::uint64_t>(position);
      if (at < page + page_bytes && page < at + into.size()) {
        errno = EIO;
        return -1;
      }
      return ::pread(fd, into.data(), into.size(), position);
    };
    refused += one.start(faults) ? 1 : 0;
    ++pages;
  }
  CAF_CHECK(pages > 10);
  CAF_CHECK_EQUAL(refused, pages);
}

CAF_TEST(reads that fail for a moment lose nothing) {
  crashed_store one{12};
  constexpr int few_in_a_row = 3;
  bool is_reached = true;
  int refused = 0;
  for (int first = 0; is_reached; ++first) {
    const auto reads = std::make_shared<std::atomic<int>>(0);
    embedded::hooks faults;
    faults.read = [first, reads](int fd, std::span<std::byte> into, off_t position) -> ssize_t {
      const auto number = (*reads)++;
      if (number >= first && number < first + few_in_a_row) {
        errno = EIO;
        return -1;
      }
      return ::pread(fd, into.data(), into.size(), position);
    };
    const bool is_refused = one.start(faults);
    refused += is_refused ? 1 : 0;
    is_reached = *reads > first && is_refused;
  }
  CAF_CHECK(refused > 12);
}

CAF_TEST(a volume that cannot be opened for a moment is not the end) {
  embedded::options wanted = small_volumes();
  wanted.checkpoint_volume_bytes = 1U << 20U;  // so that a start replays all of them
  crashed_store one{60, wanted};
  CAF_REQUIRE(sizes_in(one.original + "/volumes").size() > 3);
  int refused = 0;
  for (int failing = 0; failing < 12; ++failing) {
    const auto opens = std::make_shared<std::atomic<int>>(0);
    embedded::hooks faults;
    faults.open = [failing, opens](const std::string& path) {
      if ((*opens)++ == failing) {
        errno = ENFILE;
        return -1;
      }
      return ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    };
    refused += one.start(faults) ? 1 : 0;
  }
  CAF_CHECK(refused > 3);
}

CAF_TEST(a refused window is off the disk before its answer) {
  const scratch_directory home;
  embedded::options wanted;
  std::atomic<bool> is_full = false;
  std::atomic<int> syncs = 0;
  wanted.faults.write = [&](int fd, const iovec* parts, int count, off_t position) -> ssize_t {
    if (!is_full) return ::pwritev(fd, parts, count, position);
    errno = ENOSPC;
    return -1;
  };
  wanted.faults.sync = [&](int fd) {
    ++syncs;
    return ::fdatasync(fd);
  };
  const auto store = open_embedded(home.path("/live"), wanted);
  workload work{*store};
  work.steps(3);
  const auto before = syncs.load();
  is_full = true;
  CAF_CHECK(work.step().code == status::refused);
  CAF_CHECK_EQUAL(syncs.load(), before + 1);
  is_full = false;
  work.steps(1);
}
