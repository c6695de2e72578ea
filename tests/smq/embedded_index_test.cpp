#define CAF_SUITE embedded_index
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/index.hpp"
#include "tests/smq/test_engine.hpp"

#include <rocksdb/env.h>

#include <latch>
#include <random>
#include <semaphore>

using namespace tidegate::smq;
using namespace tidegate::smq::testing;
using embedded::chunk_place;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> directories{"", "/d", "/d/x", "/dx", "/e"};
constexpr int names = 6;

/// What the index has to answer, as plain maps.
struct model {
  std::map<std::string, entry> entries;
  std::map<chunk_id, chunk_place> places;
  friend bool operator==(const model&, const model&) = default;
};

/// An index, the model beside it, and what the model was after each window.
class subject {
 public:
  explicit subject(unsigned seed) : random_{seed} {
    hooks_.at = [this](std::string_view step) {
      step_ = step;
      reached_.release();
      go_on_.acquire();
    };
    std::string error;
    store_ = embedded::index::open(home_.path("/live"), hooks_, error);
    if (!store_) CAF_FAIL(error);
    history_.push_back(now_);
  }

  void window() {
    embedded::window_effects effects;
    const auto seq = history_.size();
    for (auto left = 1 + random_() % 4; left > 0; --left) change_one(effects, seq);
    if (random_() % 2 == 0) move_one(effects, seq);
    effects.next = {1, seq, seq + 1};
    CAF_CHECK_EQUAL(store_->apply(std::move(effects)), "");
    history_.push_back(now_);
  }

  /// Compares every read with the model.
  void check() {
    std::vector<std::string> paths;
    for (const auto& directory : directories) {
      for (int i = 0; i < names; ++i) paths.push_back(directory + "/" + std::to_string(i));
    }
    const auto found = store_->find_many(paths);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const auto expected = now_.entries.find(paths[i]);
      const bool is_there = expected != now_.entries.end();
      CAF_CHECK(found[i].what.code == (is_there ? status::ok : status::absent));
      CAF_CHECK(!is_there || embedded::decode_entry(paths[i], found[i].value) == expected->second);
      CAF_CHECK(store_->find(paths[i]).value == found[i].value);
      CAF_CHECK_EQUAL(store_->chunks_named_by(paths[i]).value.size(), is_there ? expected->second.chunks.size() : 0);
    }
    for (const auto& directory : directories) check_lists(directory);
    for (const auto& [id, place] : history_.back().places) CAF_CHECK(store_->place_of(id).value == place);
    for (const auto& id : dead_) CAF_CHECK(store_->place_of(id).what.code == status::absent);
    std::uint64_t live = 0;
    for (const auto& [id, place] : now_.places) live += place.length;
    std::uint64_t counted = 0;
    for (const auto& [volume, bytes] : store_->live_bytes()) counted += bytes;
    CAF_CHECK_EQUAL(counted, live);
  }

  /// A checkpoint that stands still at each of its steps: windows and reads go on, and a crash shows one whole state.
  void checkpoint() {
    const auto before = durable_;
    const auto frozen = history_.size() - 1;
    CAF_CHECK(store_->start_checkpoint());
    for (const auto* step : {"checkpoint.begun", "checkpoint.written", "checkpoint.done"}) {
      reached_.acquire();
      CAF_CHECK_EQUAL(step_, step);
      CAF_CHECK(!store_->start_checkpoint());
      crash(std::string_view{step} == "checkpoint.done" ? frozen : before);
      check();
      window();
      check();
      go_on_.release();
    }
    CAF_CHECK_EQUAL(store_->wait_for_checkpoint(), "");
    CAF_CHECK_EQUAL(store_->durable_change(), frozen);
    durable_ = frozen;
    check();
  }

 private:
  void change_one(embedded::window_effects& effects, std::uint64_t seq) {
    const auto path = directories[random_() % directories.size()] + "/" + std::to_string(random_() % names);
    for (const auto& r : effects.records) {
      if (r.path == path) return;
    }
    entry next{path, "content " + std::to_string(seq), {{"a", std::to_string(random_())}}, {}};
    if (const auto old = now_.entries.find(path); old != now_.entries.end()) {
      for (const auto& c : old->second.chunks) {
        if (random_() % 2 == 0) {
          next.chunks.push_back(c);
        } else {
          release(effects, c.id);
        }
      }
    }
    if (random_() % 3 == 0) {
      for (const auto& c : next.chunks) release(effects, c.id);
      effects.records.emplace_back(kept(path), std::nullopt);
      now_.entries.erase(path);
      return;
    }
    if (random_() % 2 == 0) {
      const chunk_id id = std::to_string(seq) + path;
      const chunk_place place{static_cast<std::uint32_t>(1 + random_() % 3), seq, 1 + random_() % 9, 7};
      next.chunks.push_back({id, 0, place.length, 0});
      effects.placed.emplace(id, place);
      now_.places.emplace(id, place);
    }
    effects.records.emplace_back(kept(path), kept(embedded::encode_entry(next)));
    now_.entries.insert_or_assign(path, next);
  }

  /// A chunk of an earlier window goes somewhere else.
  void move_one(embedded::window_effects& effects, std::uint64_t seq) {
    for (auto& [id, place] : now_.places) {
      if (effects.placed.contains(id) || random_() % 2 == 0) continue;
      effects.moved.emplace(id, place);
      place = {static_cast<std::uint32_t>(4 + random_() % 3), seq, place.length, place.crc};
      effects.placed.emplace(id, place);
      return;
    }
  }

  void release(embedded::window_effects& effects, const chunk_id& id) {
    effects.released.push_back(id);
    now_.places.erase(id);
    dead_.push_back(id);
  }

  /// Until the end of the test; an effect has views.
  std::string_view kept(std::string text) { return kept_.emplace_back(std::move(text)); }

  void check_lists(const std::string& directory) {
    const auto top = directory.empty() ? "/" : directory;
    std::vector<entry> children;
    std::vector<std::string> below;
    for (const auto& [path, e] : now_.entries) {
      if (path == directory || path.starts_with(directory + "/")) below.push_back(path);
      if (path.substr(0, path.rfind('/')) == directory) children.push_back(e);
    }
    for (std::size_t limit = 1; limit <= names + 1; ++limit) {
      std::vector<entry> listed;
      result<list_page> page;
      do {
        const auto after = listed.empty() ? "" : listed.back().path.substr(directory.size() + 1);
        page = store_->list(top, after, limit, true);
        CAF_CHECK(page.is_ok() && page.value.entries.size() <= limit);
        listed.insert(listed.end(), page.value.entries.begin(), page.value.entries.end());
      } while (page.value.more && !page.value.entries.empty());
      CAF_CHECK(listed == children);
    }
    for (const std::size_t limit : {1, 2, 1000}) {
      std::vector<std::string> found;
      embedded::tree_cursor at;
      for (auto page = store_->paths_below(top, at, limit); !page.value.empty();
           page = store_->paths_below(top, at, limit)) {
        CAF_CHECK_LESS_OR_EQUAL(page.value.size(), limit);
        found.insert(found.end(), page.value.begin(), page.value.end());
        if (found.size() > below.size()) break;  // it goes round in circles
      }
      std::sort(found.begin(), found.end());
      CAF_CHECK(found == below);
    }
  }

  /// What is on disk now is the state after window `expected`, whole.
  void crash(std::size_t expected) {
    fs::remove_all(home_.path("/crashed"));
    fs::copy(home_.path("/live"), home_.path("/crashed"), fs::copy_options::recursive);
    std::string error;
    const auto left = embedded::index::open(home_.path("/crashed"), {}, error);
    CAF_REQUIRE(left != nullptr);
    CAF_CHECK_EQUAL(left->replay_from().next_seq, expected + 1);
    model found;
    for (const auto& directory : directories) {
      for (const auto& e : left->list(directory.empty() ? "/" : directory, "", 1000, true).value.entries) {
        found.entries.emplace(e.path, e);
        for (const auto& c : e.chunks) found.places.emplace(c.id, left->place_of(c.id).value);
      }
    }
    CAF_CHECK(found == history_[expected]);
  }

  const scratch_directory home_;
  std::mt19937 random_;
  model now_;
  std::vector<model> history_;
  std::vector<chunk_id> dead_;
  std::deque<std::string> kept_;
  std::size_t durable_ = 0;  // window of the last checkpoint
  std::string step_;
  std::binary_semaphore reached_{0};
  std::binary_semaphore go_on_{0};
  embedded::index::hooks hooks_;
  std::unique_ptr<embedded::index> store_;  // first to go: its thread uses what is above
};

/// While it lives, RocksDB merges nothing: its threads for that are busy.
class busy_compactions {
 public:
  busy_compactions() : begun_{env_->GetBackgroundThreads(low)}, ended_{env_->GetBackgroundThreads(low)} {
    for (int i = 0; i < env_->GetBackgroundThreads(low); ++i) env_->Schedule(&busy_compactions::wait, this, low);
    begun_.wait();
  }
  ~busy_compactions() {
    go_on_.count_down();
    ended_.wait();
  }
  busy_compactions(const busy_compactions&) = delete;
  busy_compactions& operator=(const busy_compactions&) = delete;

 private:
  static constexpr auto low = rocksdb::Env::Priority::LOW;

  static void wait(void* what) {
    auto* self = static_cast<busy_compactions*>(what);
    self->begun_.count_down();
    self->go_on_.wait();
    self->ended_.count_down();
  }

  rocksdb::Env* const env_ = rocksdb::Env::Default();
  std::latch begun_;
  std::latch ended_;
  std::latch go_on_{1};
};

std::size_t table_files(const std::string& directory) {
  const fs::directory_iterator files{directory};
  return static_cast<std::size_t>(
    std::count_if(begin(files), end(files), [](const auto& file) { return file.path().extension() == ".sst"; }));
}

}  // namespace

CAF_TEST(reads see every window and a crash leaves the state of a checkpoint) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    subject one{seed};
    // At most 3: RocksDB must not move files while they are copied.
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 8; ++i) one.window();
      one.check();
      one.checkpoint();
    }
  }
}

CAF_TEST(a checkpoint without changes is one that is done) {
  const scratch_directory home;
  std::string error;
  const auto store = embedded::index::open(home.path(), {}, error);
  CAF_REQUIRE(store != nullptr);
  CAF_CHECK(store->start_checkpoint());
  CAF_CHECK_EQUAL(store->flush(), "");
  embedded::window_effects effects;
  const auto value = embedded::encode_entry({"/a", "1", {}, {}});
  effects.records.emplace_back("/a", value);
  effects.next = {1, 10, 2};
  CAF_CHECK_EQUAL(store->apply(std::move(effects)), "");
  CAF_CHECK(store->recent_bytes() > 0);
  CAF_CHECK_EQUAL(store->durable_change(), 0U);
  CAF_CHECK_EQUAL(store->flush(), "");
  CAF_CHECK_EQUAL(store->durable_change(), 1U);
  CAF_CHECK_EQUAL(store->recent_bytes(), 0U);
}

CAF_TEST(a checkpoint does not write over a second name of a file that RocksDB has) {
  const scratch_directory home;
  const auto home_path = home.path("/index");
  std::string error;
  const auto value = embedded::encode_entry({"/a", "1", {}, {}});
  const auto apply_one = [&](embedded::index& store, std::string_view path, std::uint64_t seq) {
    embedded::window_effects effects;
    effects.records.emplace_back(path, value);
    effects.next = {1, seq, seq + 1};
    CAF_CHECK_EQUAL(store.apply(std::move(effects)), "");
    CAF_CHECK_EQUAL(store.flush(), "");
  };
  {
    const auto store = embedded::index::open(home_path, {}, error);
    CAF_REQUIRE(store != nullptr);
    apply_one(*store, "/a", 1);
    // As a crash leaves it when RocksDB has named the file its own, and not removed the other name yet.
    for (const auto& file : std::filesystem::directory_iterator(home_path))
      if (file.path().extension() == ".sst")
        std::filesystem::create_hard_link(file.path(), home_path + "/checkpoint.tmp");
    CAF_REQUIRE(std::filesystem::exists(home_path + "/checkpoint.tmp"));
    apply_one(*store, "/b", 2);
    CAF_CHECK(!std::filesystem::exists(home_path + "/checkpoint.tmp"));
  }
  const auto again = embedded::index::open(home_path, {}, error);
  CAF_REQUIRE(again != nullptr);
  for (const auto* path : {"/a", "/b"}) CAF_CHECK(again->find(path).is_ok());
}

CAF_TEST(a checkpoint merges new files where RocksDB does not) {
  const scratch_directory home;
  std::string error;
  const auto store = embedded::index::open(home.path(), {}, error);
  CAF_REQUIRE(store != nullptr);
  const auto value = embedded::encode_entry({"/a", "1", {}, {}});
  {
    const busy_compactions busy;
    for (std::uint64_t window = 1; window <= 40; ++window) {
      embedded::window_effects effects;
      // Both ends of all keys, so that no two files lie beside each other.
      for (const auto* path : {"/a", "/z"}) effects.records.emplace_back(path, value);
      effects.next = {1, window, window + 1};
      CAF_CHECK_EQUAL(store->apply(std::move(effects)), "");
      CAF_CHECK_EQUAL(store->flush(), "");
      // 16 new ones, those of the next level, and some that are deleted a little later.
      CAF_CHECK_LESS_OR_EQUAL(table_files(home.path()), 24U);
    }
  }
  for (const auto* path : {"/a", "/z"}) CAF_CHECK(store->find(path).is_ok());
}
