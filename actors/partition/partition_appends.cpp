#include "actors/partition/partition_appends.hpp"

#include "actors/metrics/counters.hpp"
#include "actors/partition/producer_snapshot.hpp"
#include "actors/partition/topic_settings.hpp"
#include "messages/common/fault_point.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tidegate::actors {

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t notable_lag_ns = 60 * ns_per_second;  // of the clock: clocks that are slewed are off by less

msg::append_result refused(error_code error, std::string_view why) {
  msg::append_result result;
  result.error = error;
  result.error_message = std::string(why);
  return result;
}

}  // namespace

void partition_appends::decide(const msg::append& m, const kafka::batch_check& check) {
  if (check.error != error_code::none) {
    auto result = refused(check.error, check.reason);
    result.out_of_range = check.out_of_range;
    return m.answer(std::move(result));
  }
  if (log_.store->given_up->has_any())
    log_.machine->expect_first_batches_of(log_.store->given_up->take(log_.place.topic_id, log_.place.partition));
  const auto verdict = log_.machine->offer(core::to_produced(m.records, check), log_.store->clock->wall_ns());
  switch (verdict.decision) {
    case core::produce_decision::refuse: return m.answer(refused(verdict.error, ""));
    case core::produce_decision::duplicate: {
      msg::append_result result;
      result.base_offset = verdict.base_offset;
      if (uses_log_append_time(*log_.topic)) result.log_append_time_ms = verdict.timestamp_ms;
      result.log_start_offset = log_.machine->log_start_offset();
      return m.answer(result);
    }
    case core::produce_decision::duplicate_undecided:
      for (auto& u : undecided_)
        if (u.base_offset == verdict.base_offset) u.answers.push_back(m.answer);
      return;
    case core::produce_decision::append: break;
  }
  undecided_.push_back({verdict.base_offset, -1, {m.answer}});
  start();
}

void partition_appends::start() {
  // What arrives while all of them are on their way rides in the next one. Few bytes wait for the one before them: side
  // by side, small ones cost the store more calls, and each of them takes longer.
  while (appends_.size() < log_.settings.appends_at_once) {
    if (planned_.empty() && !appends_.empty() && log_.machine->queued_bytes() < log_.settings.overlap_bytes) return;
    if (planned_.empty()) plan_batches();
    if (planned_.empty()) return;
    upload_next();
  }
}

void partition_appends::plan_batches() {
  if (!log_.machine->has_queued()) return;
  core::append_rules rules;
  rules.uses_log_append_time = uses_log_append_time(*log_.topic);
  const auto now_ns = log_.store->clock->wall_ns();
  warn_of_clock(now_ns);
  planned_ = log_.machine->plan(now_ns, rules);
  if (!rules.uses_log_append_time) return;
  auto batch = planned_.begin();
  for (auto& u : undecided_) {  // both are in offset order
    while (batch != planned_.end() && batch->base_offset < u.base_offset) ++batch;
    if (batch == planned_.end()) return;
    if (batch->base_offset == u.base_offset) u.log_append_time_ms = batch->max_timestamp;
  }
}

/// The times of messages never go back: after a clock that was ahead, they stay ahead until it gets there.
void partition_appends::warn_of_clock(std::int64_t now_ns) {
  const auto behind_ns = log_.machine->last_ts_ns() - now_ns;
  if (behind_ns <= notable_lag_ns || std::exchange(warned_of_clock_, true)) return;
  log_.say(log_level::warn, "the clock is behind the log", log_field{"seconds", behind_ns / ns_per_second});
}

void partition_appends::upload_next() {
  auto plan = smq::plan_append(next_append_at_, log_.place, planned_, log_.settings.segments);
  next_append_at_ = plan.tail;
  const auto end = planned_.begin() + static_cast<std::ptrdiff_t>(plan.covered);
  auto parts = plan.chunk;
  const auto number = next_append_++;
  appends_.push_back({number, {std::move(plan), {}}, {planned_.begin(), end}, append_step::uploads, {}});
  planned_.erase(planned_.begin(), end);
  TIDEGATE_FAULT_POINT("partition.append.before_chunk");
  // Not for this life alone: an upload that comes too late must still be released.
  log_.store->engine.chunks.put(std::move(parts), log_.store->deadline(),
                                [this, number, post = log_.poster(partition_log::every_life)](
                                  const smq::result<smq::chunk_id>& put) {
                                  post([this, number, put] { uploaded(number, put); });
                                });
}

void partition_appends::uploaded(std::uint64_t number, const smq::result<smq::chunk_id>& put) {
  const auto append = std::ranges::find(appends_, number, &pending_append::number);
  if (append == appends_.end()) {  // given up meanwhile: nothing names the chunk
    if (put.is_ok()) log_.store->release(put.value);
    return;
  }
  append->upload.id = put.value;
  append->step = put.is_ok() ? append_step::uploaded : append_step::failed;
  append->problem = put.what.reason;
  write();
}

void partition_appends::write() {
  if (appends_.empty()) return;
  const auto& first = appends_.front();
  if (first.step == append_step::failed) return append_refused(first.problem);
  if (first.step != append_step::uploaded) return;
  if (first.upload.plan.rolls) {
    // A new file comes with the partition entry, which would take an undecided trim back.
    if (trims_.raises_log_start()) return;
    // The entry carries the producers, so that a load need not read closed segments.
    take_snapshot(log_);
  }
  std::vector<smq::uploaded_append> unit;
  for (auto& append : appends_) {
    if (append.step != append_step::uploaded || (!unit.empty() && append.upload.plan.rolls)) break;
    append.step = append_step::written;
    unit.push_back(append.upload);
  }
  TIDEGATE_FAULT_POINT("partition.append.before_write");
  log_.session->write(smq::mutations(log_.state, unit), smq::write_class::bulk,
                      [this, post = log_.poster()](const smq::write_answer& answer) {
                        post([this, answer] { appends_written(answer); });
                      });
}

void partition_appends::appends_written(const smq::write_answer& answer) {
  auto written = take_written();
  std::vector<smq::chunk_id> ids;
  for (const auto& append : written) ids.push_back(append.upload.id);
  doubts_.settle(ids, answer);
  if (answer.code == smq::write_result::refused) return append_refused(answer.reason);
  if (answer.code != smq::write_result::stored) return owner_.reload(answer.reason);
  TIDEGATE_FAULT_POINT("partition.append.before_apply");
  for (const auto& append : written) {
    smq::apply(log_.state, append.upload);
    log_.machine->apply(append.batches);
    for (const auto& batch : append.batches) log_.tail.push(batch);
    count_stored(append.batches);
  }
  new_leader_ = false;
  log_.store->hints.note(log_.place.topic_id, log_.place.partition, log_.machine->high_watermark(),
                         log_.machine->last_ts_ns() + 1);
  TIDEGATE_FAULT_POINT("partition.append.before_answer");
  answer_stored();
  owner_.records_stored(written.front().upload.plan.rolls);
  write();
  start();
  if (log_.closing) owner_.close_when_decided();
}

std::vector<partition_appends::pending_append> partition_appends::take_written() {
  std::vector<pending_append> written;
  for (; !appends_.empty() && appends_.front().step == append_step::written; appends_.pop_front())
    written.push_back(std::move(appends_.front()));
  return written;
}

void partition_appends::count_stored(std::span<const planned_batch> stored) {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  for (const auto& batch : stored) {
    records += static_cast<std::uint64_t>(std::max(batch.record_count, 0));
    bytes += batch.batch.size();
  }
  counted.appended_records.add(records);
  counted.appended_bytes.add(bytes);
  log_.metrics->topic->records_in.add(records);
  log_.metrics->topic->bytes_in.add(bytes);
  log_.metrics->end.store(log_.machine->high_watermark(), std::memory_order_relaxed);
}

/// Nothing of what is left is sent, and all of it stands behind what was refused.
void partition_appends::append_refused(const std::string& reason) {
  counted.refused_appends.add();
  log_.say(log_level::error, "append was refused", log_field{"reason", reason});
  log_.machine->abandon();
  drop();
  answer_all(error_code::kafka_storage_error);
  if (log_.closing) owner_.close_when_decided();
}

void partition_appends::drop() {
  for (const auto& append : std::exchange(appends_, {})) {
    if (append.step == append_step::uploaded) log_.store->release(append.upload.id);
    if (append.step == append_step::written) doubts_.add(append.upload.id);
  }
  planned_.clear();
  next_append_at_ = smq::tail_of(log_.state, new_leader_);
}

void partition_appends::answer_stored() {
  std::size_t done = 0;
  for (; done < undecided_.size() && undecided_[done].base_offset < log_.machine->high_watermark(); ++done) {
    msg::append_result result;
    result.base_offset = undecided_[done].base_offset;
    result.log_append_time_ms = undecided_[done].log_append_time_ms;
    result.log_start_offset = log_.machine->log_start_offset();
    for (const auto& answer : undecided_[done].answers) answer(result);
  }
  undecided_.erase(undecided_.begin(), undecided_.begin() + static_cast<std::ptrdiff_t>(done));
}

void partition_appends::begin() {
  new_leader_ = true;
  next_append_at_ = smq::tail_of(log_.state, new_leader_);
}

void partition_appends::answer_all(error_code error) {
  for (const auto& u : std::exchange(undecided_, {}))
    for (const auto& answer : u.answers) answer(refused(error, ""));
}

}  // namespace tidegate::actors
