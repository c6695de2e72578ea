// Produce, from the validated batch to the answer: offer → plan → put chunk → write entry → apply → answer.
#include "actors/log.hpp"
#include "actors/message_types.hpp"
#include "actors/partition_state.hpp"
#include "messages/common/fault_point.hpp"

#include <algorithm>

namespace tidegate::actors {

namespace {

msg::append_result refused(error_code error, std::string_view why) {
  msg::append_result result;
  result.error = error;
  result.error_message = std::string(why);
  return result;
}

bool names_chunk(const smq::log_state& log, const smq::chunk_id& id) {
  return std::ranges::any_of(log.segments, [&](const smq::segment& s) {
    return std::ranges::find(s.chunks, id, &smq::chunk_ref::id) != s.chunks.end();
  });
}

bool uses_log_append_time(const smq::topic_info& topic) {
  auto found = topic.configs.find("message.timestamp.type");
  return found != topic.configs.end() && found->second == "LogAppendTime";
}

}  // namespace

void partition_state::append(const msg::append& m) {
  auto limits = settings_.batches;
  limits.max_batch_bytes = max_batch_bytes_;
  limits.checks_record_timestamps = !uses_log_append_time(*topic_);
  const auto check = kafka::validate_batch(m.records.view(), limits);
  if (check.error != error_code::none) return m.answer(refused(check.error, check.reason));
  const auto verdict = machine_->offer(core::to_produced(m.records, check), wall_ns());
  switch (verdict.decision) {
    case core::produce_decision::refuse: return m.answer(refused(verdict.error, ""));
    case core::produce_decision::duplicate: {
      msg::append_result result;
      result.base_offset = verdict.base_offset;
      if (uses_log_append_time(*topic_)) result.log_append_time_ms = verdict.timestamp_ms;
      result.log_start_offset = machine_->log_start_offset();
      return m.answer(result);
    }
    case core::produce_decision::duplicate_undecided:
      for (auto& u : undecided_)
        if (u.base_offset == verdict.base_offset) u.answers.push_back(m.answer);
      return;
    case core::produce_decision::append: break;
  }
  undecided_.push_back({verdict.base_offset, -1, {m.answer}});
  start_append();
}

void partition_state::start_append() {
  // One append at a time: what arrives meanwhile rides in the next one.
  if (appending_ || !machine_->has_queued()) return;
  core::append_rules rules;
  rules.uses_log_append_time = uses_log_append_time(*topic_);
  writing_ = machine_->plan(wall_ns(), rules);
  if (rules.uses_log_append_time)
    for (auto& u : undecided_)
      for (const auto& batch : writing_)
        if (u.base_offset == batch.base_offset) u.log_append_time_ms = batch.ts_ns / 1'000'000;
  appending_ = true;
  write_next_chunk();
}

void partition_state::write_next_chunk() {
  auto plan = smq::plan_append(log_, place_, writing_, new_leader_, settings_.segments);
  if (plan.rolls) {
    // The entry written on a roll carries the producers, so that a load need not read closed segments.
    take_snapshot();
    plan = smq::plan_append(log_, place_, writing_, new_leader_, settings_.segments);
  }
  TIDEGATE_FAULT_POINT("partition.append.before_chunk");
  auto parts = plan.chunk;
  store_->engine.chunks.put(std::move(parts), store_->deadline(),
                            [this, plan, post = poster()](const smq::result<smq::chunk_id>& put) {
                              post([this, plan, put] {
                                if (!put.is_ok()) return append_refused(put.what.reason);
                                write_planned(plan, put.value);
                              });
                            });
}

void partition_state::write_planned(const smq::append_plan& plan, const smq::chunk_id& id) {
  // A new file comes with the partition entry, which would take an undecided trim back.
  if (plan.rolls && trim_ && log_.log_start < trim_->to) {
    append_after_trim_ = {plan, id};
    return;
  }
  TIDEGATE_FAULT_POINT("partition.append.before_write");
  session_->write(smq::mutations(log_, plan, id), smq::write_class::bulk,
                  [this, plan, id, post = poster()](const smq::write_answer& answer) {
                    post([this, plan, id, answer] { chunk_written(plan, id, answer); });
                  });
}

void partition_state::chunk_written(const smq::append_plan& plan, const smq::chunk_id& id,
                                    const smq::write_answer& answer) {
  settle_chunks({id}, answer);
  if (answer.code == smq::write_result::refused) return append_refused(answer.reason);
  if (answer.code != smq::write_result::stored) return reload(answer.reason);
  TIDEGATE_FAULT_POINT("partition.append.before_apply");
  smq::apply(log_, plan, id);
  new_leader_ = false;
  const auto covered = static_cast<std::ptrdiff_t>(plan.covered);
  const std::span stored{writing_.data(), plan.covered};
  machine_->apply(stored);
  for (const auto& batch : stored) tail_.push(batch);
  count_stored(stored);
  store_->hints.note(place_.topic_id, place_.partition, machine_->high_watermark(), machine_->last_ts_ns() + 1);
  writing_.erase(writing_.begin(), writing_.begin() + covered);
  TIDEGATE_FAULT_POINT("partition.append.before_answer");
  answer_stored();
  wake_waiters();
  report_mapping(false);
  if (plan.rolls) start_merge();
  if (!writing_.empty()) return write_next_chunk();
  appending_ = false;
  start_append();
  if (closing_) close_when_decided();
}

void partition_state::count_stored(std::span<const planned_batch> stored) {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  for (const auto& batch : stored) {
    records += static_cast<std::uint64_t>(std::max(batch.record_count, 0));
    bytes += batch.batch.size();
  }
  counted.appended_records.add(records);
  counted.appended_bytes.add(bytes);
  metrics_->topic->records_in.add(records);
  metrics_->topic->bytes_in.add(bytes);
  metrics_->end.store(machine_->high_watermark(), std::memory_order_relaxed);
}

void partition_state::append_refused(const std::string& reason) {
  counted.refused_appends.add();
  log_event(log_level::error, "append was refused",
            {{"topic", place_.topic}, {"partition", place_.partition}, {"reason", reason}});
  machine_->abandon();
  writing_.clear();
  appending_ = false;
  answer_all(error_code::kafka_storage_error);
  if (closing_) close_when_decided();
}

/// What becomes of uploads whose entry was or was not written. A node that lost its fence deletes nothing.
void partition_state::settle_chunks(const std::vector<smq::chunk_id>& chunks, const smq::write_answer& answer) {
  switch (answer.code) {
    case smq::write_result::refused:
    case smq::write_result::not_written:
      for (const auto& id : chunks) store_->release(id);
      break;
    case smq::write_result::reload:
      doubtful_.insert(doubtful_.end(), chunks.begin(), chunks.end());
      break;
    case smq::write_result::stored:
    case smq::write_result::fenced: break;
  }
}

/// After a load: a write that was given up can never be applied any more, so what no file names now is nobody's.
void partition_state::release_orphans() {
  for (const auto& id : std::exchange(doubtful_, {}))
    if (!names_chunk(log_, id)) store_->release(id);
}

void partition_state::answer_stored() {
  std::size_t done = 0;
  for (; done < undecided_.size() && undecided_[done].base_offset < machine_->high_watermark(); ++done) {
    msg::append_result result;
    result.base_offset = undecided_[done].base_offset;
    result.log_append_time_ms = undecided_[done].log_append_time_ms;
    result.log_start_offset = machine_->log_start_offset();
    for (const auto& answer : undecided_[done].answers) answer(result);
  }
  undecided_.erase(undecided_.begin(), undecided_.begin() + static_cast<std::ptrdiff_t>(done));
}

void partition_state::answer_all(error_code error) {
  for (const auto& u : std::exchange(undecided_, {}))
    for (const auto& answer : u.answers) answer(refused(error, ""));
}

void partition_state::wake_waiters() {
  auto woken = std::partition(waiters_.begin(), waiters_.end(),
                              [&](const waiter& w) { return w.offset >= machine_->high_watermark(); });
  for (auto w = woken; w != waiters_.end(); ++w)
    if (!w->interest.expired()) w->answer(true);
  waiters_.erase(woken, waiters_.end());
}

}  // namespace tidegate::actors
