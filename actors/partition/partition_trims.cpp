#include "actors/partition/partition_trims.hpp"

#include "actors/partition/producer_snapshot.hpp"
#include "messages/common/fault_point.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::actors {

void partition_trims::trim(const msg::trim& m) {
  if (m.is_visit) retirement_.note_visit();
  const auto target = log_.machine->trim_target(m.offset);
  if (!target || *target == log_.machine->log_start_offset()) {
    const auto error = target ? error_code::none : error_code::offset_out_of_range;
    m.answer({error, target.value_or(-1)});
    return retirement_.end_visit();
  }
  trims_.push_back(m);
  trims_.back().offset = *target;
  start();
}

void partition_trims::start() {
  if (!log_.machine || log_.closing || trim_ || merges_.has_turn()) return;
  progress next;
  next.from = next.to = log_.machine->log_start_offset();
  next.reason = "left over";
  for (const auto& t : trims_)
    if (t.offset > next.to) {
      next.to = t.offset;
      next.reason = t.reason;
    }
  if (const auto missing = smq::unlisted_below(log_.state, next.to); missing && next.to > next.from) {
    auto refuse = [this] {
      fail(error_code::kafka_storage_error);
      retirement_.end_visit();
    };
    return older_.list(*missing, {[this] { start(); }, std::move(refuse)});
  }
  if (!smq::is_needed(log_.state, smq::plan_trim(log_.state, next.to))) return;
  trim_ = std::move(next);
  write();
}

void partition_trims::write() {
  const auto plan = smq::plan_trim(log_.state, trim_->to, log_.settings.segments_per_trim);
  // The partition entry carries the producers: the batches that tell of them may be below the new log start.
  if (plan.log_start > log_.state.log_start) take_snapshot(log_);
  TIDEGATE_FAULT_POINT("partition.trim.before_write");
  log_.session->write(smq::trim_mutations(log_.state, log_.place, plan), smq::write_class::bulk,
                      [this, plan, post = log_.poster()](const smq::write_answer& answer) {
                        post([this, plan, answer] { written(plan, answer); });
                      });
}

void partition_trims::written(const smq::trim_plan& plan, const smq::write_answer& answer) {
  if (answer.code == smq::write_result::refused) {
    log_.say(log_level::error, "trim was refused", log_field{"reason", answer.reason});
    fail(error_code::kafka_storage_error);
    return end();
  }
  if (answer.code != smq::write_result::stored) return owner_.reload(answer.reason);
  TIDEGATE_FAULT_POINT("partition.trim.before_apply");
  smq::apply_trim(log_.state, plan);
  log_.machine->trim(plan.log_start);
  log_.tail.trim(plan.log_start);
  ++log_.changes;
  trim_->segments += plan.segments;
  trim_->bytes += plan.bytes;
  TIDEGATE_FAULT_POINT("partition.trim.before_answer");
  answer_trims();
  owner_.log_start_decided();
  if (!log_.closing && smq::is_needed(log_.state, smq::plan_trim(log_.state, trim_->to))) return write();
  log_.say(log_level::info, "log was trimmed", log_field{"from", trim_->from}, log_field{"to", trim_->to},
           log_field{"segments", trim_->segments}, log_field{"bytes", trim_->bytes},
           log_field{"reason", trim_->reason});
  mappings_.report(false);
  end();
}

void partition_trims::answer_trims() {
  const auto log_start = log_.machine->log_start_offset();
  std::erase_if(trims_, [log_start](const msg::trim& t) {
    if (t.offset > log_start) return false;
    t.answer({error_code::none, log_start});
    return true;
  });
}

void partition_trims::fail(error_code error) {
  for (const auto& t : std::exchange(trims_, {})) t.answer({error, -1});
}

void partition_trims::end() {
  trim_.reset();
  owner_.trim_ended();
  if (log_.closing) return owner_.close_when_decided();
  if (!trims_.empty()) return start();
  retirement_.end_visit();
}

void partition_trims::older_files_listed(bool is_ok) {
  // A trim may have found no room among those that wait: it is answered all the same.
  if (trims_.empty()) return;
  if (!is_ok) return fail(error_code::kafka_storage_error);
  start();
}

}  // namespace tidegate::actors
