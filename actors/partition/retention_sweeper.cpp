// timer → topics → partition by partition: (entry →) list → decide → (positions → decide) → trim by its
// offset actor.
#include "actors/partition/retention_sweeper.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/metrics/counters.hpp"
#include "actors/partition/topic_settings.hpp"
#include "actors/runtime/post.hpp"
#include "actors/runtime/spawn.hpp"
#include "smq/names.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::actors {

namespace {

constexpr std::chrono::milliseconds longest_nap{10'000};  // so late may a changed interval be noticed
constexpr std::int64_t clock_tolerance_ms = 3'600'000;  // a step by more is not believed at once
constexpr std::size_t entries_per_read = 16;  // with a producer snapshot an entry has up to 256 KiB

/// What is above the log start.
std::vector<core::retained_segment> segments_of(const smq::log_state& log) {
  std::vector<core::retained_segment> all;
  for (const auto& s : log.segments) {
    if (s.next_offset <= log.log_start) continue;
    all.push_back({s.next_offset, s.newest_ms(), s.last_ts_ns, s.size_bytes()});
  }
  return all;
}

core::read_positions positions_of(const smq::lowest_positions& lowest) {
  core::read_positions positions;
  if (lowest.offset) positions.lowest_offset = *lowest.offset;
  if (lowest.value_ns) positions.lowest_value_ns = *lowest.value_ns;
  positions.is_unclear = lowest.damaged > 0;
  return positions;
}

}  // namespace

core::retention_rules retention_rules_of(const smq::topic_info& topic, const retention_settings& defaults) {
  core::retention_rules rules;
  if (!deletes_old_records(topic)) return rules;
  rules.retention_ms = retention_ms_of(topic, defaults.retention_ms);
  rules.retention_bytes = setting_or(topic, "retention.bytes", defaults.retention_bytes);
  auto protects = topic.configs.find("retention.protect.groups");
  const bool says = protects != topic.configs.end();
  rules.protects_groups = says ? protects->second != "false" : defaults.protects_groups.get();
  rules.protect_max_ms = setting_or(topic, "retention.protect.max.ms", defaults.protect_max_ms);
  return rules;
}

retention_sweeper_state::retention_sweeper_state(retention_sweeper_actor::pointer self,
                                                 std::shared_ptr<const store_access> store,
                                                 std::shared_ptr<registry_directory> registries,
                                                 retention_settings settings)
  : self_(self), store_(std::move(store)), registries_(std::move(registries)), settings_(std::move(settings)),
    rested_since_(self->clock().now()), steps_(clock_tolerance_ms) {
  believed_ms();  // a step before the first sweep is one, too
}

retention_sweeper_actor::behavior_type retention_sweeper_state::make_behavior() {
  wait();
  return {
    [](const msg::resume& m) { (*m.run)(); },
  };
}

std::function<void(std::function<void()>)> retention_sweeper_state::poster() const { return post_to(self_); }

/// A message behind each few pages would not do: an actor with messages keeps its thread for a while.
smq::walk_pace retention_sweeper_state::pace() const {
  auto later = [self = static_cast<caf::local_actor*>(self_)->address(),
                pause = settings_.pause](std::function<void()> f) {
    if (auto strong = caf::actor_cast<retention_sweeper_actor>(self))
      caf::delayed_anon_send(strong, pause, msg::make_resume(std::move(f)));
  };
  return {[store = store_] { return store->deadline(); }, std::move(later)};
}

/// The time by which records are too old. One sweep by a clock that is far ahead would delete everything, also what is
/// protected: such a step has to last, and until then what is old goes by the time before it.
std::int64_t retention_sweeper_state::believed_ms() {
  const auto wall = store_->clock->wall_ms();
  const auto steady = std::chrono::floor<std::chrono::milliseconds>(self_->clock().now().time_since_epoch()).count();
  const auto believed = steps_.believed_ms(wall, steady, settings_.clock_patience.count());
  const bool doubted = std::exchange(doubts_clock_, believed != wall);
  if (doubts_clock_ && !doubted)
    log_event(log_level::warn, "the clock was put forward: retention waits an hour",
              {{"seconds", (wall - believed) / 1000}});
  return believed;
}

/// Until the next sweep is due, by the interval of that time: it may change meanwhile.
void retention_sweeper_state::wait() {
  const auto interval = settings_.check_interval.get();
  const auto due = rested_since_ + (has_swept_ ? interval : std::min(settings_.first_check, interval));
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - self_->clock().now());
  if (left.count() <= 0) return sweep();
  caf::delayed_anon_send(retention_sweeper_actor{self_}, std::min(left, longest_nap),
                         msg::make_resume([this] { wait(); }));
}

void retention_sweeper_state::sweep() {
  believed_ms();
  // Topics that cannot be read now are kept; those that can are looked at.
  auto known = [this, post = poster()](error_code) { post([this] { go_on(); }); };
  registries_->topics.send(msg::load_all_topics{{error_code::leader_not_available, known}});
}

void retention_sweeper_state::go_on() {
  if (due_.empty() && grown_.empty() && !collect()) return end_sweep();
  if (!grown_.empty()) return compare_entries();
  const auto next = std::move(due_.front());
  due_.pop_front();
  look(next);
}

/// The next partition that is due, or some of which only the entry can tell. False: that were all.
bool retention_sweeper_state::collect() {
  const auto topics = store_->topics.current();
  const auto now = self_->clock().now();
  for (auto t = topics->by_name.lower_bound(at_.first); t != topics->by_name.end(); ++t) {
    if (t->first != at_.first) at_ = {t->first, 0};
    const auto rules = retention_rules_of(*t->second, settings_);
    if (rules.keeps_for_ever()) continue;
    while (at_.second < t->second->partitions) {
      const auto partition = at_.second++;
      const auto found = rests_.find({t->second->id, partition});
      const bool rests = found != rests_.end() && found->second.rules == rules && now < found->second.until;
      if (rules.retention_bytes >= 0) {
        if (!rests && found != rests_.end()) rests_.erase(found);
        grown_.push_back({t->second, partition, rules, 0});
        if (grown_.size() == entries_per_read) return true;
      } else if (!rests) {
        due_.push_back({t->second, partition, rules, 0});
        return true;
      }
    }
  }
  return !grown_.empty();
}

void retention_sweeper_state::compare_entries() {
  std::vector<std::string> paths;
  for (const auto& v : grown_) paths.push_back(smq::partition_entry_path(v.topic->directory_of(v.partition)));
  using entries = smq::result<std::vector<smq::result<smq::entry>>>;
  store_->engine.entries.get_many(std::move(paths), store_->deadline(), [this, post = poster()](const entries& found) {
    post([this, found] {
      auto visits = std::exchange(grown_, {});
      for (std::size_t i = 0; i < visits.size(); ++i) {
        auto& v = visits[i];
        const bool is_known = found.is_ok() && i < found.value.size();
        if (is_known && found.value[i].what.code == smq::status::absent) continue;  // nothing was ever appended
        if (is_known && found.value[i].is_ok())
          v.entry_hash = std::hash<std::string>{}(found.value[i].value.content);
        const auto rested = rests_.find({v.topic->id, v.partition});
        if (v.entry_hash == 0 || rested == rests_.end() || rested->second.entry_hash != v.entry_hash)
          due_.push_back(v);
      }
      next_one();
    });
  });
}

void retention_sweeper_state::look(const visit& v) {
  const auto& topic = *v.topic;
  const smq::partition_place place{topic.name, topic.id, v.partition, topic.directory_of(v.partition),
                                   topic.span_seconds};
  smq::load_log(store_->engine, place, smq::load_extent::all, store_->deadline(),
                [this, v, post = poster()](smq::result<smq::log_state> log) {
                  post([this, v, log = std::move(log)] {
                    log.is_ok() ? loaded(v, log.value) : skip(v, log.what.reason);
                  });
                });
}

void retention_sweeper_state::loaded(const visit& v, const smq::log_state& log) {
  auto segments = segments_of(log);
  const auto now_ms = believed_ms();
  auto all_is_read = core::decide_retention(v.rules, log.log_start, segments, {}, now_ms);
  if (all_is_read.segments == 0 || !v.rules.protects_groups) return decided(v, all_is_read, now_ms);
  smq::find_lowest_positions(
    store_->engine.entries, {v.topic->id, v.topic->directory_of(v.partition)}, pace(),
    [this, v, segments = std::move(segments), log_start = log.log_start,
     post = poster()](const smq::result<smq::lowest_positions>& lowest) {
      post([this, v, segments, log_start, lowest] {
        if (!lowest.is_ok()) return skip(v, lowest.what.reason);
        note_damage(v, lowest.value);
        const auto now = believed_ms();
        decided(v, core::decide_retention(v.rules, log_start, segments, positions_of(lowest.value), now), now);
      });
    });
}

/// Counted each time, and logged once: the next sweep finds it again, until somebody puts it right.
void retention_sweeper_state::note_damage(const visit& v, const smq::lowest_positions& lowest) {
  const std::pair where{v.topic->id, v.partition};
  if (lowest.damaged == 0) {
    damage_.erase(where);
    return;
  }
  counted.damaged_positions.add(lowest.damaged);
  if (std::exchange(damage_[where], lowest.first_damaged) == lowest.first_damaged) return;
  log_event(log_level::error, "retention keeps records for the sake of damaged positions",
            {{"topic", v.topic->name},
             {"partition", v.partition},
             {"positions", lowest.damaged},
             {"first", lowest.first_damaged}});
}

/// `now_ms`: of the verdict.
void retention_sweeper_state::decided(const visit& v, const core::retention_verdict& verdict, std::int64_t now_ms) {
  const std::chrono::milliseconds rests{verdict.look_again_ms - now_ms};  // an hour at most
  rests_[{v.topic->id, v.partition}] = {v.rules, v.entry_hash, self_->clock().now() + rests};
  if (verdict.segments == 0) return next_one();
  const auto now = store_->topics.current()->find(v.topic->id);
  if (!now || retention_rules_of(*now, settings_) != v.rules) return next_one();  // deleted or configured anew
  const auto* reason = verdict.reason == core::retention_reason::retention_ms ? "retention.ms" : "retention.bytes";
  auto trimmed = [this, v, post = poster()](const msg::trim_result& result) {
    post([this, v, error = result.error] {
      error == error_code::none ? next_one() : skip(v, "trim: error " + std::to_string(static_cast<int>(error)));
    });
  };
  registries_->partitions.send(msg::trim{v.topic->name, v.topic->id, v.partition, verdict.log_start, reason, true,
                                         {{error_code::leader_not_available, -1}, trimmed}});
}

/// Kept until the next sweep.
void retention_sweeper_state::skip(const visit& v, const std::string& reason) {
  rests_.erase({v.topic->id, v.partition});
  if (++skipped_ == 1) why_skipped_ = v.topic->name + "/" + std::to_string(v.partition) + ": " + reason;
  next_one();
}

void retention_sweeper_state::next_one() {
  caf::delayed_anon_send(retention_sweeper_actor{self_}, settings_.pause, msg::make_resume([this] { go_on(); }));
}

void retention_sweeper_state::end_sweep() {
  if (skipped_ > 0)
    log_event(log_level::warn, "retention could not look at some partitions",
              {{"partitions", skipped_}, {"first", why_skipped_}});
  skipped_ = 0;
  at_ = {};
  const auto topics = store_->topics.current();
  const auto is_gone = [&](const auto& one) { return !topics->find(one.first.first); };
  std::erase_if(rests_, is_gone);
  std::erase_if(damage_, is_gone);
  rested_since_ = self_->clock().now();
  has_swept_ = true;
  wait();
}

retention_sweeper_actor spawn_retention_sweeper(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                                std::shared_ptr<registry_directory> registries,
                                                retention_settings settings) {
  return spawn<retention_sweeper_actor, retention_sweeper_state>(system, std::move(store), std::move(registries),
                                                                 std::move(settings));
}

}  // namespace tidegate::actors
