#include "smq/fencing/session_store.hpp"

#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cassert>

namespace tidegate::smq {

namespace {

class shard_session : public session {
 public:
  shard_session(std::shared_ptr<shard> home, std::string owner, std::uint64_t number)
    : home_(std::move(home)), owner_(std::move(owner)), number_(number) {}

  ~shard_session() override {
    home_->close(owner_, number_, [] {});
  }

  void write(std::vector<mutation> mutations, write_class priority, completion<write_answer> done) override {
    home_->write(owner_, number_, std::move(mutations), priority, std::move(done));
  }

  void close(std::function<void()> settled) override { home_->close(owner_, number_, std::move(settled)); }

 private:
  const std::shared_ptr<shard> home_;
  const std::string owner_;
  const std::uint64_t number_;
};

}  // namespace

struct session_store::shard_set {
  std::vector<std::shared_ptr<shard>> shards;
  std::atomic<bool> fenced{false};

  static void look_later(const std::weak_ptr<shard_set>& set, const run_after& after, std::chrono::milliseconds every) {
    after(every, [set, after, every] {
      const auto all = set.lock();
      if (!all) return;
      for (auto& each : all->shards) each->look();
      look_later(set, after, every);
    });
  }
};

session_store::session_store(entry_port& entries, const node_identity& identity, const shard_options& options)
  : set_(std::make_shared<shard_set>()) {
  assert(!identity.shards.empty());
  auto of_shard = options;
  // Weak: the shards must not keep the set that holds them.
  of_shard.on_fenced = [set = std::weak_ptr(set_), tell = options.on_fenced](fence_loss why) {
    auto all = set.lock();
    if (!all || all->fenced.exchange(true)) return;
    // One lost fence ends the incarnation: the others stop at once.
    for (auto& other : all->shards) other->mark_fenced();
    if (tell) tell(why);
  };
  for (std::uint32_t i = 0; i < identity.shards.size(); ++i)
    set_->shards.push_back(shard::make(entries, fence_path(identity.incarnation, i), identity.shards[i], of_shard));
  if (options.look_every.count() > 0) shard_set::look_later(set_, options.after, options.look_every);
}

session_store::~session_store() { stop(); }

void session_store::open(const std::string& owner, completion<std::shared_ptr<session>> done) {
  auto& home = set_->shards[XXH3_64bits(owner.data(), owner.size()) % set_->shards.size()];
  home->open(owner, [home, owner, done = std::move(done)](std::uint64_t number) {
    done(std::make_shared<shard_session>(home, owner, number));
  });
}

void session_store::stop() {
  for (auto& each : set_->shards) each->stop();
}

bool session_store::is_fenced() const { return set_->fenced; }

std::chrono::milliseconds session_store::undecided_for() const {
  std::chrono::milliseconds longest{};
  for (const auto& each : set_->shards) longest = std::max(longest, each->undecided_for());
  return longest;
}

std::chrono::milliseconds session_store::unanswered_for() const {
  std::chrono::milliseconds longest{};
  for (const auto& each : set_->shards) longest = std::max(longest, each->unanswered_for());
  return longest;
}

}  // namespace tidegate::smq
