#define CAF_SUITE late_duplicates
// A network or a thread may deliver what was sent long ago once more: on a real filer it must change nothing.
#include "actors/store/store_timer.hpp"
#include "smq/fencing/node_start.hpp"
#include "smq/fencing/session_store.hpp"
#include "smq/seaweedmq/engine.hpp"
#include "tests/smq/seaweedmq/weed_server.hpp"

#include <cstdlib>
#include <map>
#include <mutex>
#include <random>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

const std::string root = "/topics/.tidegate/duplicates";

int rounds() {
  const auto* given = std::getenv("TIDEGATE_DUPLICATES");
  return given != nullptr ? std::atoi(given) : 10;
}

/// Passes everything on and remembers every transaction.
class remembering_entries final : public entry_port {
 public:
  struct sent {
    guard condition;
    mutation_list mutations;
  };

  explicit remembering_entries(entry_port& inner) : inner_(inner) {}

  void get(const std::string& path, time_point deadline, completion<result<entry>> done) override {
    inner_.get(path, deadline, std::move(done));
  }
  void get_many(std::vector<std::string> paths, time_point deadline,
                completion<result<std::vector<result<entry>>>> done) override {
    inner_.get_many(std::move(paths), deadline, std::move(done));
  }
  void list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
            time_point deadline, completion<result<list_page>> done) override {
    inner_.list(directory, after, limit, with_chunks, deadline, std::move(done));
  }
  void transact(guard condition, mutation_list mutations, time_point deadline,
                completion<outcome> done) override {
    {
      const std::lock_guard lock{mutex_};
      all_.push_back({condition, mutations});
    }
    inner_.transact(std::move(condition), std::move(mutations), deadline, std::move(done));
  }
  void remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) override {
    inner_.remove_tree(directory, deadline, std::move(done));
  }

  [[nodiscard]] std::vector<sent> all() const {
    const std::lock_guard lock{mutex_};
    return all_;
  }

 private:
  entry_port& inner_;
  mutable std::mutex mutex_;
  std::vector<sent> all_;
};

/// One incarnation on one fence, so that every transaction comes before or after every other.
struct incarnation {
  incarnation(entry_port& entries, actors::store_timer& timers) {
    node_options start;
    start.shard_count = 1;
    const auto random = system_uuid_source();
    const auto self = start_node(entries, start, random(), random);
    CAF_REQUIRE(self.is_ok());
    shard_options wanted;
    wanted.after = timers.run_after();
    sessions = std::make_unique<session_store>(entries, self.value, wanted);
    writes = wait_for<std::shared_ptr<session>>([&](auto done) { sessions->open("owner", std::move(done)); });
  }

  std::future<write_answer> write(std::vector<mutation> unit) const {
    auto promise = std::make_shared<std::promise<write_answer>>();
    writes->write(std::move(unit), write_class::commit, [promise](write_answer a) { promise->set_value(std::move(a)); });
    return promise->get_future();
  }

  std::unique_ptr<session_store> sessions;
  std::shared_ptr<session> writes;
};

/// A log file that grows by chunks and is replaced from time to time, a position that moves, files that come and go.
class owner {
 public:
  explicit owner(const blocking& store) : store_(store) {}

  std::vector<mutation> next() {
    const auto n = std::to_string(++number_);
    const auto chunk = store_.put_chunk("chunk " + n);
    CAF_REQUIRE(chunk.is_ok());
    if (chunks_.size() == 4) chunks_.clear();
    const auto end = chunks_.empty() ? 0U : chunks_.back().offset + chunks_.back().size;
    chunks_.push_back({chunk.value, end, 6 + n.size(), number_});
    std::vector<mutation> unit{put(root + "/log", "", chunks_), put(root + "/position", n),
                               put(root + "/file-" + std::to_string(number_ % 5), n)};
    if (number_ % 3 == 0) unit.push_back(erase(root + "/file-" + std::to_string((number_ + 1) % 5)));
    for (const auto& m : unit) {
      if (m.what == mutation::kind::put) wanted_[m.target.path] = m.target;
      else wanted_.erase(m.target.path);
    }
    return unit;
  }

  /// Every entry is as the newest unit left it, and every chunk of the log can be read.
  [[nodiscard]] bool is_as_written() const {
    const auto page = store_.list(root);
    if (!page.is_ok() || page.value.entries.size() != wanted_.size()) return false;
    for (const auto& e : page.value.entries) {
      const auto found = wanted_.find(e.path);
      if (found == wanted_.end() || found->second != e) return false;
    }
    for (const auto& c : chunks_)
      if (!store_.get_chunk(c.id, 0, c.size).is_ok()) return false;
    return true;
  }

 private:
  const blocking& store_;
  std::vector<chunk_ref> chunks_;
  std::map<std::string, entry> wanted_;
  int number_ = 0;
};

bool names_our_files(const remembering_entries::sent& s) {
  for (const auto& m : s.mutations)
    if (m.target.path.starts_with(root)) return true;
  return false;
}

}  // namespace

CAF_TEST(an old transaction that arrives again changes nothing) {
  seaweedmq::options wanted;
  wanted.masters = {shared_weed().master_address()};
  const auto opened = seaweedmq::open(wanted, soon());
  if (!opened.store) CAF_FAIL(opened.error);
  remembering_entries entries{opened.store->ports().entries};
  const blocking store{{opened.store->ports().chunks, opened.store->ports().entries}};
  actors::store_timer timers;
  owner log{store};
  auto node = std::make_unique<incarnation>(entries, timers);
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937 chance{seed};
  int changed = 0;
  int duplicates = 0;
  for (int round = 0; round < rounds(); ++round) {
    for (auto more = chance() % 4; more > 0; --more) CAF_REQUIRE(node->write(log.next()).get().code == write_result::stored);
    if (round % 10 == 9) node = std::make_unique<incarnation>(entries, timers);
    // The newest of the past and any older one; while another unit is on its way, and when it is stored.
    std::vector<remembering_entries::sent> past;
    for (auto& s : entries.all())
      if (names_our_files(s)) past.push_back(std::move(s));
    auto on_its_way = node->write(log.next());
    for (int i = 0; i < 4 && !past.empty(); ++i) {
      if (i == 2) CAF_REQUIRE(on_its_way.get().code == write_result::stored);
      const auto& old = past[i % 2 == 0 ? past.size() - 1 : chance() % past.size()];
      const auto again = store.transact(old.condition, old.mutations);
      if (again.code != status::conflict) CAF_ERROR("outcome " << static_cast<int>(again.code) << again.reason);
      ++duplicates;
    }
    if (past.empty()) CAF_REQUIRE(on_its_way.get().code == write_result::stored);
    if (!log.is_as_written()) ++changed;
  }
  CAF_CHECK_EQUAL(changed, 0);
  CAF_CHECK(duplicates > rounds());
  CAF_MESSAGE(rounds() << " rounds, " << duplicates << " duplicates refused");
}
