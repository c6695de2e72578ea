#define CAF_SUITE embedded_vacuum
#include "tests/smq/test_engine.hpp"

#include <rapidcheck.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <semaphore>
#include <thread>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t volume_bytes = 2000;

embedded::options small_volumes() {
  embedded::options wanted;
  wanted.volume_bytes = volume_bytes;
  wanted.checkpoint_volume_bytes = 4 * volume_bytes;
  wanted.vacuum_batch_bytes = 500;
  wanted.upkeep_interval = std::chrono::milliseconds{1};
  return wanted;
}

/// The bound that the engine promises when all is quiet; a window is never larger than a volume here.
bool is_bounded(const embedded::usage& now) { return now.volume_bytes <= 2 * now.live_bytes + 8 * volume_bytes; }

/// Every file with its size.
std::map<std::string, std::uint64_t> files_in(const std::string& directory) {
  std::map<std::string, std::uint64_t> found;
  std::error_code gone;
  for (const auto& item : fs::recursive_directory_iterator{directory, gone})
    found.emplace(item.path(), item.is_regular_file(gone) ? item.file_size(gone) : 0);
  return found;
}

/// What a crash now would leave. Files may come, grow and go meanwhile: then once more.
void copy_at_rest(const std::string& from, const std::string& to) {
  for (int tries = 0; tries < 1000; ++tries) {
    const auto before = files_in(from);
    std::error_code failed;
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive, failed);
    if (!failed && files_in(from) == before) return;
  }
  CAF_FAIL("the store never rests");
}

/// Entries "/d/<name>" and what their chunks hold.
using contents = std::map<std::string, std::string>;

contents dump(embedded::engine& opened) {
  const blocking store{opened.ports()};
  contents all;
  for (const auto& e : store.list("/d", "", 100000).value.entries) {
    auto& text = all[e.path];
    for (const auto& c : e.chunks) {
      const auto bytes = store.get_chunk(c.id, 0, c.size);
      text += bytes.is_ok() ? std::string{as_text(bytes.value.view())} : "lost: " + bytes.what.reason;
    }
  }
  return all;
}

/// A store with small volumes, what it must hold, and a way to wait for its vacuum.
class subject {
 public:
  explicit subject(const std::string& directory, embedded::options wanted = small_volumes()) : directory_(directory) {
    wanted.faults.at = [this](std::string_view step) {
      std::function<void(std::string_view)> call;
      {
        const std::lock_guard lock{mutex_};
        call = on_step_;
      }
      if (call) call(step);
      {
        const std::lock_guard lock{mutex_};
      }
      changed_.notify_all();
    };
    wanted_ = wanted;
    open();
  }

  /// Of a store that another subject wrote.
  void go_on(contents found) {
    expected = std::move(found);
    const auto fence = calls().get("/f/fence");
    if (fence.is_ok()) fence_ = std::stoull(fence.value.content);
  }

  void open() { store_ = open_embedded(directory_, wanted_); }
  void close() { store_.reset(); }

  /// Puts an entry with one chunk, or erases it when `bytes` is 0.
  void set(const std::string& name, std::size_t bytes) {
    const auto path = "/d/" + name;
    std::vector<mutation> mutations;
    if (bytes > 0) {
      const std::string text(bytes, static_cast<char>('a' + fence_ % 26));
      mutations.push_back(put(path, "", {{calls().put_chunk(text).value, 0, bytes, 0}}));
      expected[path] = text;
    } else {
      mutations.push_back(erase(path));
      expected.erase(path);
    }
    const auto before = fence_ == 0 ? std::nullopt : std::optional{std::to_string(fence_)};
    mutations.push_back(put("/f/fence", std::to_string(++fence_)));
    const auto what = calls().transact({"/f/fence", before}, std::move(mutations));
    if (!what.is_ok()) CAF_FAIL("not written: " << what.reason);
  }

  /// Volumes in which little is alive: of every `keep`-th entry of 200 bytes.
  void fill(int count, int keep) {
    for (int i = 0; i < count; ++i) set(std::to_string(i), 200);
    for (int i = 0; i < count; ++i)
      if (i % keep != 0) set(std::to_string(i), 0);
  }

  void on_step(std::function<void(std::string_view)> call) {
    const std::lock_guard lock{mutex_};
    on_step_ = std::move(call);
  }

  template <class Condition>
  bool wait_until(Condition holds) {
    std::unique_lock lock{mutex_};
    if (changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return holds(store_->measure()); })) return true;
    const auto now = store_->measure();
    CAF_ERROR(now.volumes << " volumes, " << now.volume_bytes << " bytes, " << now.live_bytes << " alive");
    return false;
  }

  [[nodiscard]] blocking calls() const { return blocking{store_->ports()}; }
  [[nodiscard]] embedded::engine& store() const { return *store_; }
  [[nodiscard]] chunk_id id_of(const std::string& name) const { return calls().get("/d/" + name).value.chunks.at(0).id; }

  contents expected;

 private:
  const std::string directory_;
  embedded::options wanted_;
  std::uint64_t fence_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void(std::string_view)> on_step_;  // guarded by mutex_
  std::unique_ptr<embedded::engine> store_;  // first to go: its threads use what is above
};

std::uint64_t bytes_in_volumes(const std::string& directory) {
  std::uint64_t all = 0;
  for (const auto& [path, bytes] : files_in(directory + "/volumes")) all += bytes;
  return all;
}

}  // namespace

CAF_TEST(what is dead between chunks that stay is given back) {
  const scratch_directory home;
  subject one{home.path()};
  one.fill(600, 20);  // every volume has one that stays
  CAF_CHECK(one.wait_until(is_bounded));
  CAF_CHECK_EQUAL(one.store().measure().live_bytes, 30U * 200U);
  CAF_CHECK(dump(one.store()) == one.expected);
  one.close();
  // It may have been closed while another volume was copied.
  CAF_CHECK(bytes_in_volumes(home.path()) <= 2 * 6000 + 10 * volume_bytes);
  one.open();
  CAF_CHECK(one.wait_until(is_bounded));
  CAF_CHECK(dump(one.store()) == one.expected);
}

CAF_TEST(a start vacuums what it finds though nothing is written) {
  const scratch_directory home;
  auto wanted = small_volumes();
  wanted.upkeep_interval = std::chrono::hours{1};
  wanted.checkpoint_volume_bytes = 1ULL << 30;  // nothing is copied before one ends
  contents expected;
  {
    subject one{home.path(), wanted};
    one.fill(300, 3);
    CAF_CHECK(!is_bounded(one.store().measure()));
    expected = one.expected;
  }
  subject again{home.path()};
  CAF_CHECK(again.wait_until(is_bounded));
  CAF_CHECK(dump(again.store()) == expected);
}

CAF_TEST(volumes that are half alive are not copied for nothing) {
  const scratch_directory home;
  std::atomic<int> copies{0};
  subject one{home.path()};
  one.on_step([&](std::string_view step) { copies += step == "vacuum.copied" ? 1 : 0; });
  for (int i = 0; i < 400; ++i) {  // as a log that is trimmed: what is oldest goes
    one.set(std::to_string(i), 1000);
    if (i >= 50) one.set(std::to_string(i - 50), 0);
  }
  CAF_CHECK(one.wait_until(is_bounded));
  CAF_CHECK_EQUAL(copies.load(), 0);
}

CAF_TEST(a reader that holds ids reads on while their chunks move) {
  const scratch_directory home;
  subject one{home.path()};
  std::map<chunk_id, std::string> held;
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  for (int i = 0; i < 600; ++i) one.set(std::to_string(i), 200);
  for (int i = 0; i < 600; i += 20) held.emplace(one.id_of(std::to_string(i)), one.expected["/d/" + std::to_string(i)]);
  std::thread reader{[&] {
    const auto calls = one.calls();
    while (!done) {
      for (const auto& [id, text] : held) {
        const auto read = calls.get_chunk(id, 0, text.size());
        if (!read.is_ok() || as_text(read.value.view()) != text) ++wrong;
      }
    }
  }};
  for (int i = 0; i < 600; ++i)
    if (i % 20 != 0) one.set(std::to_string(i), 0);
  CAF_CHECK(one.wait_until(is_bounded));
  done = true;
  reader.join();
  CAF_CHECK_EQUAL(wrong.load(), 0);
}

CAF_TEST(a crash at any step of a vacuum loses nothing) {
  const scratch_directory home;
  std::vector<std::string> copies;
  std::map<std::string, int> steps;
  std::mutex copying;
  subject one{home.path("/live")};
  one.fill(150, 10);
  CAF_CHECK(one.wait_until(is_bounded));
  one.on_step([&](std::string_view step) {
    if (!step.starts_with("vacuum.")) return;
    const std::lock_guard lock{copying};
    if (++steps[std::string{step}] > 6) return;
    copies.push_back(home.path("/crashed-" + std::to_string(copies.size())));
    copy_at_rest(home.path("/live"), copies.back());
  });
  one.fill(400, 25);
  CAF_CHECK(one.wait_until(is_bounded));
  one.close();
  CAF_CHECK_EQUAL(steps.size(), 3U);
  for (const auto& copy : copies) {
    subject crashed{copy};
    for (const auto& [path, text] : dump(crashed.store())) CAF_CHECK(text.find("lost") == std::string::npos);
    CAF_CHECK(crashed.wait_until(is_bounded));
    crashed.close();
    crashed.open();
    CAF_CHECK(crashed.wait_until(is_bounded));
    for (const auto& [path, text] : dump(crashed.store())) CAF_CHECK(text.find("lost") == std::string::npos);
  }
}

CAF_TEST(a chunk that is released while it is copied is gone) {
  const scratch_directory home;
  subject one{home.path()};
  std::atomic<bool> stands{false};
  std::binary_semaphore reached{0};
  std::binary_semaphore go_on{0};
  // Between the reading of chunks and the window with their copies.
  one.on_step([&](std::string_view step) {
    if (step != "vacuum.read" || stands.exchange(true)) return;
    reached.release();
    go_on.acquire();
  });
  one.fill(600, 20);
  CAF_REQUIRE(reached.try_acquire_for(std::chrono::seconds{20}));
  std::vector<chunk_id> ids;
  for (int i = 0; i < 600; i += 20) {
    ids.push_back(one.id_of(std::to_string(i)));
    one.set(std::to_string(i), 0);
  }
  go_on.release();
  CAF_CHECK(one.wait_until(is_bounded));
  for (int round = 0; round < 2; ++round) {
    for (const auto& id : ids) CAF_CHECK(one.calls().get_chunk(id, 0, 200).what.code == status::absent);
    CAF_CHECK_EQUAL(one.store().measure().live_bytes, 0U);
    one.close();
    one.open();
  }
}

/// The first place in any volume where `bytes` are.
std::pair<std::string, std::streamoff> find_in_volumes(const std::string& directory, const std::string& bytes) {
  for (const auto& [path, size] : files_in(directory + "/volumes")) {
    std::ifstream in{path, std::ios::binary};
    const std::string all{std::istreambuf_iterator<char>{in}, {}};
    if (const auto at = all.find(bytes); at != std::string::npos) return {path, static_cast<std::streamoff>(at)};
  }
  CAF_FAIL("in no volume");
}

CAF_TEST(damage stays where it is and the rest moves on) {
  const scratch_directory home;
  auto wanted = small_volumes();
  wanted.upkeep_interval = std::chrono::hours{1};  // nothing is copied yet
  {
    subject one{home.path(), wanted};
    for (int i = 0; i < 600; ++i) one.set(std::to_string(i), 200);
  }
  // The first byte of a chunk that stays: the first one in volume 1.
  const auto [volume, at] = find_in_volumes(home.path(), std::string(200, 'a'));
  std::fstream{volume, std::ios::in | std::ios::out | std::ios::binary}.seekp(at).put('!');
  const auto store = open_embedded(home.path(), small_volumes());
  const blocking calls{store->ports()};
  const auto id = calls.get("/d/0").value.chunks.at(0).id;
  auto fence = calls.get("/f/fence").value.content;
  for (int i = 0; i < 600; ++i) {
    if (i % 20 == 0) continue;
    CAF_CHECK(calls.transact({"/f/fence", fence}, {erase("/d/" + std::to_string(i)), put("/f/fence", fence + "+")}).is_ok());
    fence += "+";
  }
  CAF_CHECK(calls.get_chunk(id, 0, 200).what.code == status::unknown);
  // Windows until the others are where they belong.
  for (int i = 0; i < 5000 && !is_bounded(store->measure()); ++i) {
    const auto next = "n" + std::to_string(i);
    CAF_CHECK(calls.transact({"/f/fence", fence}, {put("/f/fence", next)}).is_ok());
    fence = next;
  }
  CAF_CHECK(is_bounded(store->measure()));
  CAF_CHECK(fs::exists(volume));
  CAF_CHECK(calls.get_chunk(id, 0, 200).what.code == status::unknown);
  CAF_CHECK(calls.get_chunk(calls.get("/d/20").value.chunks.at(0).id, 0, 200).is_ok());
}

CAF_TEST(what could not be read for a moment is vacuumed later) {
  const scratch_directory home;
  auto wanted = small_volumes();
  wanted.damage_pause = std::chrono::milliseconds{200};
  wanted.upkeep_interval = std::chrono::hours{1};  // nothing is copied yet
  contents expected;
  {
    subject one{home.path(), wanted};
    for (int i = 0; i < 100; ++i) one.set(std::to_string(i), 200);
    expected = one.expected;
  }
  const auto overwrite = [](const std::pair<std::string, std::streamoff>& place, char byte) {
    std::fstream{place.first, std::ios::in | std::ios::out | std::ios::binary}.seekp(place.second).put(byte);
  };
  const auto first = find_in_volumes(home.path(), std::string(200, 'a'));        // "/d/0"
  const auto second = find_in_volumes(home.path(), std::string(200, 'a' + 20));  // "/d/20"
  CAF_REQUIRE(first.first != second.first);
  overwrite(first, '!');
  overwrite(second, '!');
  wanted.upkeep_interval = std::chrono::milliseconds{1};
  subject again{home.path(), wanted};
  again.go_on(expected);
  for (int i = 0; i < 100; ++i)
    if (i % 20 != 0) again.set(std::to_string(i), 0);
  const auto are_both_there = [&] { return fs::exists(first.first) && fs::exists(second.first); };
  CAF_CHECK(again.wait_until(is_bounded));
  CAF_CHECK(are_both_there());
  overwrite(first, 'a');
  overwrite(second, 'a' + 20);
  for (int written = 0; written < 20'000 && are_both_there(); ++written) again.set("new", 20);
  CAF_CHECK(!are_both_there());
  CAF_CHECK(dump(again.store()) == again.expected);
}

CAF_TEST(after any writes and crashes everything named is there and the disk is bounded) {
  CAF_CHECK(rc::check("vacuum", [] {
    const scratch_directory home;
    std::size_t round = 0;
    auto live = home.path("/0");
    auto one = std::make_unique<subject>(live);
    const auto writes = *rc::gen::inRange(1, 100);
    for (int i = 0; i < writes; ++i) {
      const auto name = std::to_string(*rc::gen::inRange(0, 40));
      one->set(name, *rc::gen::weightedElement<std::size_t>({{4, 0}, {3, 40}, {3, 300}, {1, 3000}}));
      if (*rc::gen::inRange(0, 80) != 0) continue;
      const auto crashed = home.path("/" + std::to_string(++round));
      copy_at_rest(live, crashed);
      const auto expected = one->expected;
      if (dump(one->store()) != expected) CAF_FAIL("a store differs from what was written");
      one.reset();
      live = crashed;
      one = std::make_unique<subject>(live);
      one->go_on(expected);
      if (dump(one->store()) != expected) CAF_FAIL("a crash lost something");
    }
    // Not RC_ASSERT: another try has another timing, and RapidCheck then reports that one.
    if (!one->wait_until(is_bounded)) CAF_FAIL("the disk is not bounded");
    if (dump(one->store()) != one->expected) CAF_FAIL("the vacuum lost something");
    const auto last = one->store().measure();
    one.reset();
    // It may have been closed while another volume was copied.
    if (bytes_in_volumes(live) > 2 * last.live_bytes + 10 * volume_bytes) CAF_FAIL("the disk is not bounded at the end");
  }));
}
