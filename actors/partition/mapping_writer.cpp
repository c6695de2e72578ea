// report → wait → load (once) → put chunks → write entries → apply → trim. One write at a time.
#include "actors/partition/mapping_writer_state.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/runtime/post.hpp"
#include "actors/runtime/spawn.hpp"
#include "smq/segments/trim_log.hpp"

namespace tidegate::actors {

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::size_t segments_per_trim = 16;  // of each partition; more go with the next write

}  // namespace

mapping_writer_state::mapping_writer_state(mapping_writer_actor::pointer self,
                                           std::shared_ptr<const store_access> store, mapping_settings settings)
  : self_(self), store_(std::move(store)), settings_(settings) {}

mapping_writer_actor::behavior_type mapping_writer_state::make_behavior() {
  return {
    [this](const msg::mapping_report& m) { report(m); },
    [this](const msg::close_cleanly& m) { close(m); },
    [](const msg::resume& m) { (*m.run)(); },
  };
}

std::function<void(std::function<void()>)> mapping_writer_state::poster() const { return post_to(self_); }

void mapping_writer_state::report(const msg::mapping_report& m) {
  const std::pair key{m.record.topic_id, m.record.partition};
  if (waiting_.size() < settings_.max_waiting || waiting_.count(key) > 0) waiting_.insert_or_assign(key, m.record);
  go_on();
}

void mapping_writer_state::close(const msg::close_cleanly& m) {
  closing_ = m;
  go_on();
}

/// With nothing on its way: waits for more, writes, or ends.
void mapping_writer_state::go_on() {
  if (is_busy_) return;
  if (closing_) {
    if (waiting_.empty()) return self_->quit(caf::exit_reason::user_shutdown);
    return write_waiting();
  }
  if (timer_runs_ || waiting_.empty()) return;
  timer_runs_ = true;
  caf::delayed_anon_send(mapping_writer_actor{self_}, settings_.linger, msg::make_resume([this] {
                           timer_runs_ = false;
                           if (!is_busy_ && !waiting_.empty()) write_waiting();
                         }));
}

void mapping_writer_state::open() {
  store_->sessions.open("m/offset-mappings", [this, post = poster()](const std::shared_ptr<smq::session>& opened) {
    post([this, post, opened] {
      session_ = opened;
      smq::load_mapping_log(store_->engine, wall_ns() / ns_per_second, store_->random_uuid(), store_->deadline(),
                            [this, post](smq::result<smq::mapping_log> loaded) {
                              post([this, loaded = std::move(loaded)] {
                                if (!loaded.is_ok()) return failed(loaded.what.reason);
                                log_ = loaded.value;
                                has_written_.assign(smq::mappings_partitions, false);
                                write_waiting();
                              });
                            });
    });
  });
}

void mapping_writer_state::write_waiting() {
  is_busy_ = true;
  if (!log_) return open();
  std::vector<std::vector<smq::mapping_record>> records(smq::mappings_partitions);
  for (const auto& [key, record] : std::exchange(waiting_, {}))
    records[static_cast<std::size_t>(smq::mapping_partition(key.first, key.second))].push_back(record);
  for (std::int32_t p = 0; p < smq::mappings_partitions; ++p) {
    const auto at = static_cast<std::size_t>(p);
    if (records[at].empty()) continue;
    auto plan = smq::plan_mappings(*log_, p, records[at], wall_ns(), store_->leader_epoch, !has_written_[at],
                                   settings_.segments);
    // Behind the end of a file's time span: they go with the next write.
    for (auto i = plan.covered; i < records[at].size(); ++i)
      waiting_.emplace(std::pair{records[at][i].topic_id, records[at][i].partition}, records[at][i]);
    plans_.push_back({p, {std::move(plan), {}}});
  }
  chunks_left_ = plans_.size();  // all before the first: an engine may answer at once
  for (std::size_t i = 0; i < plans_.size(); ++i)
    store_->engine.chunks.put(plans_[i].append.plan.chunk, store_->deadline(),
                              [this, i, post = poster()](const smq::result<smq::chunk_id>& put) {
                                post([this, i, put] { chunk_put(i, put); });
                              });
}

void mapping_writer_state::chunk_put(std::size_t index, const smq::result<smq::chunk_id>& put) {
  plans_[index].append.id = put.value;
  if (!put.is_ok()) chunk_problem_ = put.what.reason.empty() ? "a chunk was not stored" : put.what.reason;
  if (--chunks_left_ > 0) return;
  if (!chunk_problem_.empty()) return given_up(std::exchange(chunk_problem_, {}));
  write_entries();
}

void mapping_writer_state::write_entries() {
  auto unit = log_->is_stored ? std::vector<smq::mutation>{} : smq::create_mapping_topic(log_->topic);
  for (const auto& p : plans_) {
    auto more = smq::mutations(log_->partitions[static_cast<std::size_t>(p.partition)], {&p.append, 1});
    std::move(more.begin(), more.end(), std::back_inserter(unit));
  }
  session_->write(std::move(unit), smq::write_class::bulk, [this, post = poster()](const smq::write_answer& answer) {
    post([this, answer] { written(answer); });
  });
}

void mapping_writer_state::written(const smq::write_answer& answer) {
  if (answer.code == smq::write_result::refused || answer.code == smq::write_result::not_written)
    return given_up(answer.reason);
  if (answer.code != smq::write_result::stored) return failed(answer.reason);
  log_->is_stored = true;
  for (const auto& p : std::exchange(plans_, {})) {
    const auto at = static_cast<std::size_t>(p.partition);
    smq::apply(log_->partitions[at], p.append);
    smq::drop_closed_chunks(log_->partitions[at]);
    has_written_[at] = true;
  }
  trim();
}

void mapping_writer_state::trim() {
  const auto before_ns = wall_ns() - std::chrono::nanoseconds(settings_.retention).count();
  std::vector<smq::mutation> unit;
  std::array<smq::trim_plan, smq::mappings_partitions> plans{};
  for (std::int32_t p = 0; p < smq::mappings_partitions; ++p) {
    const auto at = static_cast<std::size_t>(p);
    const auto& log = log_->partitions[at];
    plans[at] = smq::plan_trim(log, smq::mappings_start_after(log, before_ns, settings_.max_files), segments_per_trim);
    auto more = smq::trim_mutations(log, smq::mapping_place(log_->topic, p), plans[at]);
    std::move(more.begin(), more.end(), std::back_inserter(unit));
  }
  auto done = [this, plans](const smq::write_answer& answer) {
    if (answer.code != smq::write_result::stored) return failed(answer.reason);
    for (std::size_t i = 0; i < plans.size(); ++i) smq::apply_trim(log_->partitions[i], plans[i]);
    is_busy_ = false;
    go_on();
  };
  if (unit.empty()) return done({});
  session_->write(std::move(unit), smq::write_class::bulk, [done, post = poster()](const smq::write_answer& answer) {
    post([done, answer] { done(answer); });
  });
}

/// Nothing of it was written, so nobody names its chunks.
void mapping_writer_state::given_up(const std::string& reason) {
  for (const auto& p : plans_)
    if (!p.append.id.empty()) store_->release(p.append.id);
  failed(reason);
}

/// What was to be written is dropped; the next write loads the log again.
void mapping_writer_state::failed(const std::string& reason) {
  log_event(log_level::warn, "offset mappings were not written", {{"reason", reason}});
  if (!log_ || closing_) waiting_.clear();
  plans_.clear();
  log_.reset();
  session_.reset();
  is_busy_ = false;
  go_on();
}

mapping_writer_actor spawn_mapping_writer(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                          mapping_settings settings) {
  return spawn<mapping_writer_actor, mapping_writer_state>(system, std::move(store), settings);
}

}  // namespace tidegate::actors
