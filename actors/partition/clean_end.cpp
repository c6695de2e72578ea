#include "actors/partition/clean_end.hpp"

#include "actors/partition/producer_snapshot.hpp"

#include <utility>

namespace tidegate::actors {

void clean_end::write(std::function<void()> then) {
  if (!log_.machine || log_.state.segments.empty() || stored_ == log_.machine->high_watermark()) return then();
  mappings_.report(true);
  const auto offset = log_.machine->high_watermark();
  if (snapshot_tells_all(log_)) take_snapshot(log_);
  log_.session->write(
    {smq::write_partition_entry(log_.state, log_.place), smq::write_checkpoint(log_.state, log_.place)},
    smq::write_class::bulk,
    [this, offset, then = std::move(then), post = log_.poster()](const smq::write_answer& answer) {
      post([this, offset, then, answer] {
        if (answer.code == smq::write_result::stored) {
          stored_ = offset;
          return then();
        }
        log_.say(log_level::warn, "the clean end of a partition was not written", log_field{"reason", answer.reason});
        if (answer.code != smq::write_result::refused && !log_.closing) return owner_.reload(answer.reason);
        then();
      });
    });
}

void clean_end::log_loaded() {
  stored_ = log_.state.snapshot_offset == log_.state.next_offset ? log_.state.next_offset : -1;
}

}  // namespace tidegate::actors
