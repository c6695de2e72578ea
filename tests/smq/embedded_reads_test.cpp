#define CAF_SUITE embedded_reads
// Chunks that are in the page cache, and chunks that are not.
#include "smq/counters.hpp"
#include "tests/smq/embedded_workload.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <semaphore>
#include <thread>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t length = 1000;

/// A store with named chunks, each of one letter, of which the page cache "has" as much as the test says.
struct store_on_slow_disk {
  scratch_directory home;
  std::atomic<std::size_t> cached{0};  // bytes of every read
  std::counting_semaphore<> disk{0};   // a read that waits for the disk takes one
  std::atomic<std::thread::id> waited_on{};
  std::unique_ptr<embedded::engine> store;

  explicit store_on_slow_disk(embedded::options wanted = {}) {
    wanted.faults.read_cached = [this](int fd, std::span<std::byte> into, off_t position) -> ssize_t {
      const auto here = std::min(into.size(), cached.exchange(0));
      if (here > 0) return ::pread(fd, into.data(), here, position);
      errno = EAGAIN;
      return -1;
    };
    wanted.faults.before_disk_read = [this] {
      waited_on = std::this_thread::get_id();
      disk.acquire();
    };
    store = open_embedded(home.path(), std::move(wanted));
  }

  [[nodiscard]] chunk_id add(char letter) const {
    const blocking calls{store->ports()};
    const auto chunk = calls.put_chunk(std::string(length, letter));
    const auto path = std::string("/d/") + letter;
    CAF_REQUIRE(calls.transact({path, std::nullopt}, {put(path, "", {{chunk.value, 0, length, 0}})}).is_ok());
    return chunk.value;
  }

  [[nodiscard]] std::future<result<shared_bytes>> read(const chunk_id& id, time_point deadline = soon()) const {
    auto answer = std::make_shared<std::promise<result<shared_bytes>>>();
    store->get(id, 0, length, deadline, [answer](result<shared_bytes> found) { answer->set_value(std::move(found)); });
    return answer->get_future();
  }
};

bool is_ready(const std::future<result<shared_bytes>>& answer) { return answer.wait_for(0s) == std::future_status::ready; }

std::string text_of(std::future<result<shared_bytes>> answer) {
  if (answer.wait_for(30s) != std::future_status::ready) CAF_FAIL("no answer");
  const auto found = answer.get();
  return found.is_ok() ? std::string{as_text(found.value.view())} : found.what.reason;
}

/// Whether the page cache has these bytes of a file.
bool is_cached(const std::string& path, std::uint64_t position, std::size_t count) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  CAF_REQUIRE(fd >= 0);
  std::string bytes(count, 0);
  const iovec part{bytes.data(), bytes.size()};
  const auto got = ::preadv2(fd, &part, 1, static_cast<off_t>(position), RWF_NOWAIT);
  ::close(fd);
  return got == static_cast<ssize_t>(count);
}

/// Brings a file to the disk and out of the page cache. False: its file system keeps it.
bool forget(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  CAF_REQUIRE(fd >= 0);
  ::fdatasync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
  return !is_cached(path, 0, 1);
}

}  // namespace

CAF_TEST(who reads what is in memory does not wait for the disk) {
  store_on_slow_disk slow;
  const auto a = slow.add('a');
  const auto b = slow.add('b');
  const auto before = counted.disk_reads.value();
  auto waits = slow.read(a);
  CAF_CHECK(!is_ready(waits));
  slow.cached = length;
  auto here = slow.read(b);
  CAF_REQUIRE(is_ready(here));
  CAF_CHECK_EQUAL(text_of(std::move(here)), std::string(length, 'b'));
  CAF_CHECK(!is_ready(waits));
  slow.disk.release();
  CAF_CHECK_EQUAL(text_of(std::move(waits)), std::string(length, 'a'));
  CAF_CHECK(slow.waited_on.load() != std::this_thread::get_id());
  CAF_CHECK_EQUAL(counted.disk_reads.value(), before + 1);
}

CAF_TEST(what the page cache has in part is read to its end) {
  store_on_slow_disk slow;
  const auto a = slow.add('a');
  slow.disk.release(3);
  for (const std::size_t part : {1UL, length / 2, length - 1}) {
    slow.cached = part;
    CAF_CHECK_EQUAL(text_of(slow.read(a)), std::string(length, 'a'));
  }
}

CAF_TEST(a bad byte that comes from the disk is damage) {
  store_on_slow_disk slow;
  const auto a = slow.add('a');
  const auto volume = slow.home.path(volume_1);
  std::fstream file{volume, std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(volume)) - 1);
  file.put('x').flush();
  slow.disk.release();
  const auto found = slow.read(a).get();
  CAF_CHECK(found.what.code == status::unknown && found.what.is_damaged);
}

CAF_TEST(a read that fails in a directory that is called damaged is no damage) {
  const scratch_directory home;
  std::atomic<bool> is_broken{false};
  embedded::options wanted;
  wanted.faults.read_cached = [](int, std::span<std::byte>, off_t) -> ssize_t {
    errno = EAGAIN;
    return -1;
  };
  wanted.faults.read = [&is_broken](int fd, std::span<std::byte> into, off_t position) -> ssize_t {
    if (!is_broken) return ::pread(fd, into.data(), into.size(), position);
    errno = EIO;
    return -1;
  };
  const auto store = open_embedded(home.path("/damaged-disk"), std::move(wanted));
  const blocking calls{store->ports()};
  const auto id = calls.put_chunk("0123456789").value;
  CAF_REQUIRE(calls.transact({"/d/a", std::nullopt}, {put("/d/a", "", {{id, 0, 10, 0}})}).is_ok());
  is_broken = true;
  const auto found = calls.get_chunk(id, 0, 10);
  CAF_CHECK(found.what.code == status::unknown && !found.what.is_damaged);
  CAF_CHECK(found.what.reason.find("/damaged-disk/") != std::string::npos);
  is_broken = false;
  CAF_CHECK(calls.get_chunk(id, 0, 10).is_ok());
}

CAF_TEST(reads that wait have a limit and one more is in doubt) {
  embedded::options wanted;
  wanted.disk_read_threads = 1;
  wanted.max_waiting_reads = 2;
  store_on_slow_disk slow{std::move(wanted)};
  const auto a = slow.add('a');
  auto first = slow.read(a);
  auto second = slow.read(a);
  auto refused = slow.read(a);
  CAF_REQUIRE(is_ready(refused));
  CAF_CHECK(refused.get().what.code == status::unknown);
  CAF_CHECK(!is_ready(first) && !is_ready(second));
  slow.disk.release(3);
  CAF_CHECK_EQUAL(text_of(std::move(first)), std::string(length, 'a'));
  CAF_CHECK_EQUAL(text_of(std::move(second)), std::string(length, 'a'));
  // One that is answered may still be counted for a moment.
  std::string again;
  for (int i = 0; i < 1000 && again.size() != length; ++i) {
    again = text_of(slow.read(a));
    std::this_thread::sleep_for(1ms);
  }
  CAF_CHECK_EQUAL(again, std::string(length, 'a'));
}

CAF_TEST(a read whose time is over when the disk is free is not done) {
  store_on_slow_disk slow;
  const auto a = slow.add('a');
  auto late = slow.read(a, std::chrono::steady_clock::now());
  slow.disk.release();
  CAF_CHECK_EQUAL(text_of(std::move(late)), "deadline passed before the disk was free");
}

CAF_TEST(a store that closes answers the reads that wait) {
  embedded::options wanted;
  wanted.disk_read_threads = 1;
  store_on_slow_disk slow{std::move(wanted)};
  const auto a = slow.add('a');
  std::vector<std::future<result<shared_bytes>>> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(slow.read(a));
  slow.disk.release(5);
  slow.store.reset();
  for (auto& one : waiting) {
    CAF_REQUIRE(is_ready(one));
    CAF_CHECK_EQUAL(text_of(std::move(one)), std::string(length, 'a'));
  }
}

CAF_TEST(a read that is asked for while the store closes is answered) {
  store_on_slow_disk slow;
  const auto a = slow.add('a');
  auto* store = slow.store.get();
  std::promise<result<shared_bytes>> second;
  store->get(a, 0, length, soon(), [&](const result<shared_bytes>&) {
    store->get(a, 0, length, soon(), [&](result<shared_bytes> found) { second.set_value(std::move(found)); });
  });
  std::thread closes([&] { slow.store.reset(); });
  slow.disk.release(2);
  closes.join();
  CAF_CHECK_EQUAL(text_of(second.get_future()), std::string(length, 'a'));
}

CAF_TEST(once a reader has met the disk what it announces is there when it comes) {
  const scratch_directory home{std::filesystem::current_path()};  // on a disk
  const auto store = open_embedded(home.path(), {});
  const blocking calls{store->ports()};
  constexpr std::size_t size = 1U << 20U;
  std::vector<chunk_id> ids;
  std::vector<chunk_ref> refs;
  for (std::size_t i = 0; i < 3; ++i) {
    ids.push_back(calls.put_chunk(std::string(size, static_cast<char>('a' + i))).value);
    refs.push_back({ids.back(), i * size, size, 0});
  }
  CAF_REQUIRE(calls.transact({"/d/f", std::nullopt}, {put("/d/f", "", refs)}).is_ok());
  const auto volume = home.path(volume_1);
  if (!forget(volume)) {
    CAF_MESSAGE("not tested: the file system of the build keeps what it is told to forget");
    return;
  }
  auto met = counted.disk_reads.value();
  CAF_CHECK(calls.get_chunk(ids[0], 0, size).is_ok());
  CAF_CHECK_EQUAL(counted.disk_reads.value(), ++met);
  store->will_read(ids[2], size);
  const auto last = std::filesystem::file_size(volume) - size;
  for (int i = 0; i < 1000 && !is_cached(volume, last, size); ++i) std::this_thread::sleep_for(10ms);
  CAF_CHECK(calls.get_chunk(ids[2], 0, size).is_ok());
  CAF_CHECK_EQUAL(counted.disk_reads.value(), met);
}
