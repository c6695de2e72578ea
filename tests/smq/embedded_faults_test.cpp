#define CAF_SUITE embedded_faults
#include "tests/smq/test_engine.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <semaphore>

using namespace tidegate::smq;
using namespace tidegate::smq::testing;

CAF_TEST(a full disk refuses writes keeps reads and takes the partial append back) {
  const scratch_directory home;
  std::atomic<int> room{1 << 20};
  embedded::options wanted;
  wanted.faults.write = [&](int fd, const iovec* parts, int count, off_t position) -> ssize_t {
    if (room == 0) {
      errno = ENOSPC;
      return -1;
    }
    // One part at most, and not even all of it: whoever appends must be able to go on.
    const iovec some{parts->iov_base, std::min(parts->iov_len, static_cast<std::size_t>(room))};
    const auto written = ::pwritev(fd, &some, std::min(count, 1), position);
    room -= static_cast<int>(written);
    return written;
  };
  const auto volume = home.path("/volumes/0000000001");
  {
    const auto store = open_embedded(home.path(), wanted);
    const blocking calls{store->ports()};
    const auto chunk = calls.put_chunk("0123456789").value;
    CAF_CHECK(calls.transact({"/f", std::nullopt}, {put("/f", "1", {{chunk, 0, 10, 0}})}).is_ok());
    const auto size = std::filesystem::file_size(volume);
    for (int left = 0; left < 150; left += 10) {
      room = left;
      const auto o = calls.transact({"/f", "1"}, {put("/g", std::string(200, 'g')), put("/f", "2")});
      CAF_CHECK(o.code == status::refused);
      CAF_CHECK_EQUAL(o.reason, "disk full");
      CAF_CHECK_EQUAL(std::filesystem::file_size(volume), size);
      CAF_CHECK_EQUAL(calls.get("/f").value.content, "1");
      CAF_CHECK(calls.get("/g").what.code == status::absent);
      CAF_CHECK(calls.get_chunk(chunk, 0, 10).is_ok());
    }
    room = 1 << 20;
    CAF_CHECK(calls.transact({"/f", "1"}, {put("/f", "2")}).is_ok());
  }
  CAF_CHECK_EQUAL(blocking{open_embedded(home.path())->ports()}.get("/f").value.content, "2");
}

CAF_TEST(too little reserve is a full disk) {
  const scratch_directory home;
  embedded::options wanted;
  wanted.reserve_bytes = 1ULL << 60U;
  const auto store = open_embedded(home.path(), wanted);
  const auto o = blocking{store->ports()}.transact({"/f", std::nullopt}, {put("/f", "1")});
  CAF_CHECK(o.code == status::refused);
  CAF_CHECK_EQUAL(o.reason, "disk full");
}

CAF_TEST(a failed sync ends the process and shows nothing) {
  const scratch_directory home;
  std::atomic<bool> broken{false};
  std::atomic<int> fatal_calls{0};
  embedded::options wanted;
  wanted.faults.sync = [&](int fd) {
    if (!broken) return ::fdatasync(fd);
    errno = EIO;
    return -1;
  };
  wanted.faults.fatal = [&](const std::string&) { ++fatal_calls; };
  const auto store = open_embedded(home.path(), wanted);
  const blocking calls{store->ports()};
  CAF_CHECK(calls.transact({"/f", std::nullopt}, {put("/f", "1")}).is_ok());
  broken = true;
  CAF_CHECK(calls.transact({"/f", "1"}, {put("/f", "2")}).code == status::unknown);
  CAF_CHECK_EQUAL(fatal_calls.load(), 1);
  CAF_CHECK_EQUAL(calls.get("/f").value.content, "1");
  broken = false;
  CAF_CHECK(calls.transact({"/f", "1"}, {put("/f", "2")}).code == status::refused);
}

CAF_TEST(nothing is visible before it is synced) {
  const scratch_directory home;
  std::atomic<bool> seen_early{false};
  embedded::engine* opened = nullptr;
  embedded::options wanted;
  wanted.faults.at = [&](std::string_view step) {
    if (step != "window.appended" || opened == nullptr) return;
    if (blocking{opened->ports()}.get("/f").what.code != status::absent) seen_early = true;
  };
  const auto store = open_embedded(home.path(), wanted);
  opened = store.get();
  CAF_CHECK(blocking{store->ports()}.transact({"/f", std::nullopt}, {put("/f", "1")}).is_ok());
  CAF_CHECK(!seen_early);
}

CAF_TEST(a large tree goes in several windows and lets others in between) {
  const scratch_directory home;
  std::atomic<bool> waits{false};
  std::binary_semaphore reached{0};
  std::binary_semaphore go_on{0};
  embedded::options wanted;
  wanted.checkpoint_memory_bytes = 100'000;  // some of it is in RocksDB
  wanted.faults.at = [&](std::string_view step) {
    if (step != "window.appended" || !waits.exchange(false)) return;
    reached.release();
    go_on.acquire();
  };
  const auto store = open_embedded(home.path(), wanted);
  const blocking calls{store->ports()};
  std::vector<mutation> all;
  for (int i = 0; i < 10'000; ++i) all.push_back(put("/t/" + std::to_string(i % 7) + "/" + std::to_string(i), "x"));
  all.push_back(put("/t-2", "stays"));
  all.push_back(put("/f", "1"));
  CAF_CHECK(calls.transact({"/f", std::nullopt}, all).is_ok());
  waits = true;
  std::mutex mutex;
  std::vector<std::string> answers;
  std::promise<void> both;
  const auto note = [&](const std::string& who) {
    return [&, who](const outcome& what) {
      const std::lock_guard lock{mutex};
      answers.push_back(what.is_ok() ? who : what.reason);
      if (answers.size() == 2) both.set_value();
    };
  };
  store->remove_tree("/t", soon(), note("tree"));
  reached.acquire();  // in its first window
  store->transact({"/f", "1"}, {put("/f", "2")}, soon(), note("transaction"));
  go_on.release();
  CAF_REQUIRE(both.get_future().wait_for(std::chrono::seconds{20}) == std::future_status::ready);
  CAF_CHECK_EQUAL(answers, (std::vector<std::string>{"transaction", "tree"}));
  for (int i = 0; i < 7; ++i) CAF_CHECK(calls.list("/t/" + std::to_string(i)).value.entries.empty());
  CAF_CHECK_EQUAL(calls.get("/t-2").value.content, "stays");
}

CAF_TEST(whoever waits for the kernel only does not wait for the disk) {
  const scratch_directory home;
  std::atomic<bool> waits{false};
  std::binary_semaphore go_on{0};
  embedded::options wanted;
  wanted.sync = false;
  wanted.faults.sync = [&](int) {
    if (waits.exchange(false)) go_on.acquire();
    return 0;
  };
  auto store = open_embedded(home.path(), wanted);
  const blocking calls{store->ports()};
  waits = true;
  const std::string bytes(std::size_t{8} << 20, 'x');
  for (int i = 0; i < 8; ++i) {  // 64 MiB without a sync are too many
    const chunk_ref chunk{calls.put_chunk(bytes).value, 0, bytes.size(), 0};
    auto answer = std::make_shared<std::promise<outcome>>();
    auto answered = answer->get_future();
    const std::optional<std::string> before = i == 0 ? std::nullopt : std::optional{std::to_string(i)};
    store->transact({"/f", before}, {put("/c" + std::to_string(i), "", {chunk}), put("/f", std::to_string(i + 1))}, soon(),
                    [answer](outcome what) { answer->set_value(std::move(what)); });
    const bool is_answered = answered.wait_for(std::chrono::seconds{20}) == std::future_status::ready;
    if (!is_answered) go_on.release();
    CAF_REQUIRE(is_answered);
    CAF_CHECK(answered.get().is_ok());
  }
  CAF_CHECK(calls.get("/c7").is_ok());
  go_on.release();
  store.reset();
  CAF_CHECK(!waits);
}

CAF_TEST(chunks that nobody may name) {
  const scratch_directory home;
  embedded::options wanted;
  wanted.max_unnamed_bytes = 20;
  const auto store = open_embedded(home.path(), wanted);
  const blocking calls{store->ports()};
  const auto chunk = calls.put_chunk("0123456789").value;
  CAF_CHECK(calls.put_chunk("0123456789X").what.code == status::refused);
  CAF_CHECK(calls.put_chunk("").what.code == status::refused);
  const chunk_ref ref{chunk, 0, 10, 0};
  CAF_CHECK(calls.transact({"/f", std::nullopt}, {put("/a", "", {{"no such chunk", 0, 1, 0}}), put("/f", "1")}).code ==
            status::refused);
  CAF_CHECK(calls.transact({"/f", std::nullopt}, {put("/a", "", {ref}), put("/b", "", {ref}), put("/f", "1")}).code ==
            status::refused);
  CAF_CHECK(calls.get("/a").what.code == status::absent);
  CAF_CHECK(calls.transact({"/f", std::nullopt}, {put("/a", "", {ref}), put("/f", "1")}).is_ok());
  CAF_CHECK(calls.transact({"/f", "1"}, {put("/b", "", {ref}), put("/f", "2")}).code == status::refused);
  CAF_CHECK(calls.transact({"/f", "1"}, {put("/big", std::string(5U << 20U, 'x')), put("/f", "2")}).code ==
            status::refused);
  const auto unnamed = calls.put_chunk("0123456789X");
  CAF_CHECK(unnamed.is_ok());
  store->release(unnamed.value);
  CAF_CHECK_EQUAL(store->measure().unnamed_bytes, 0u);
  CAF_CHECK(calls.get_chunk(unnamed.value, 0, 1).what.code == status::absent);
  store->release(chunk);  // named: a mistake that costs nothing here
  CAF_CHECK(calls.get_chunk(chunk, 0, 10).is_ok());
}
