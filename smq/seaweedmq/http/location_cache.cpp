#include "smq/seaweedmq/http/location_cache.hpp"

#include "smq/seaweedmq/http/http_message.hpp"

#include <utility>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::size_t max_servers = 64;  // of one volume that are asked

time_point now() { return std::chrono::steady_clock::now(); }

}  // namespace

void location_cache::find(std::uint32_t volume, bool fresh, completion<locations> done) {
  if (!closed_.empty()) return done({{}, closed_});
  auto& at = volumes_[volume];
  if (!fresh && !at.servers.empty() && at.expires > now()) return done({at.servers, {}});
  if (at.lookup != 0) {
    (fresh ? at.later : at.waiting).push_back({fresh, std::move(done)});
    return;
  }
  at.waiting.push_back({fresh, std::move(done)});
  look_up(volume);
}

void location_cache::look_up(std::uint32_t volume) {
  auto& at = volumes_[volume];
  const auto lookup = at.lookup = ++lookups_;
  const auto deadline = now() + options_.lookup_timeout;
  at.alarm = std::make_unique<loop_timer>(loop_);
  at.alarm->set(deadline + std::chrono::seconds{1}, [this, volume, lookup] {
    on_located(volume, lookup, {{status::unknown, "the directory does not answer", 0}, {}});
  });
  directory_.locate(volume, deadline, [loop = loop_.weak_from_this(), weak = weak_from_this(), volume,
                                       lookup](const result<std::vector<std::string>>& answer) {
    post_to(loop, weak, [=](location_cache& self) { self.on_located(volume, lookup, answer); });
  });
}

void location_cache::on_located(std::uint32_t volume, std::uint64_t lookup,
                                const result<std::vector<std::string>>& answer) {
  const auto found = volumes_.find(volume);
  if (found == volumes_.end() || found->second.lookup != lookup) return;
  auto& at = found->second;
  at.lookup = 0;
  at.alarm.reset();
  const bool is_answered = answer.is_ok();
  if (is_answered) {
    at.servers.clear();
    for (const auto& one : answer.value)
      if (is_server(one) && at.servers.size() < max_servers) at.servers.push_back(one);
  }
  at.expires = now() + (is_answered ? options_.lifetime : options_.kept_in_doubt);
  const locations nothing{{}, is_answered ? "no server has volume " + std::to_string(volume) : answer.what.reason};
  const auto told = at.servers.empty() ? nothing : locations{at.servers, {}};
  const auto waiting = std::exchange(at.waiting, std::exchange(at.later, {}));
  if (!at.waiting.empty()) look_up(volume);
  else if (at.servers.empty()) volumes_.erase(found);
  make_room();
  for (const auto& [fresh, done] : waiting) done(fresh && !is_answered ? nothing : told);
}

void location_cache::make_room() {
  for (auto one = volumes_.begin(); one != volumes_.end() && volumes_.size() > options_.max_volumes;)
    one = one->second.lookup == 0 ? volumes_.erase(one) : std::next(one);
}

void location_cache::close(const std::string& reason) {
  closed_ = reason;
  for (auto& [volume, at] : std::exchange(volumes_, {})) {
    for (const auto& one : at.waiting) one.done({{}, reason});
    for (const auto& one : at.later) one.done({{}, reason});
  }
}

}  // namespace tidegate::smq::seaweedmq
