// Merging closed segment files: plan → copy → write the unit → apply. Started by a roll, as is what a crash left of one.
#include "actors/log.hpp"
#include "actors/message_types.hpp"
#include "actors/partition_state.hpp"

#include <utility>

namespace tidegate::actors {

namespace {

std::vector<smq::chunk_id> ids_of(const std::vector<smq::chunk_ref>& chunks) {
  std::vector<smq::chunk_id> ids;
  for (const auto& chunk : chunks) ids.push_back(chunk.id);
  return ids;
}

}  // namespace

void partition_state::start_merge() {
  if (merging_) return;
  if (!log_.leftovers.empty()) return erase_leftovers();
  if (smq::plan_merge(log_, settings_.merges, merge_from_).empty()) return;
  merging_ = true;
  settings_.turns->ask([this, post = poster()](const merge_turns::turn& turn) {
    post([this, turn] { merge_now(turn); });
  });
}

void partition_state::merge_now(merge_turns::turn turn) {
  if (trim_) return merge_ended();  // the next roll asks again
  merge_turn_ = std::move(turn);
  const auto sources = smq::plan_merge(log_, settings_.merges, merge_from_);
  if (sources.empty()) return merge_ended();
  const auto deadline = std::chrono::steady_clock::now() + settings_.merge_timeout;
  smq::copy_segments(store_->engine.chunks, place_, sources, settings_.merges.max_chunk_bytes, deadline, poster(),
                     [this, sources](const smq::result<std::vector<smq::chunk_ref>>& copied) {
                       if (copied.is_ok())
                         return write_merged(sources, smq::merged_segment(place_, sources, copied.value));
                       settle_chunks(ids_of(copied.value), {smq::write_result::not_written, {}});
                       merge_failed(sources, copied.what.reason);
                     });
}

void partition_state::write_merged(const std::vector<smq::segment>& sources, const smq::segment& merged) {
  auto unit = smq::merge_mutations(log_, place_, sources, merged);
  if (unit.empty()) {
    settle_chunks(ids_of(merged.chunks), {smq::write_result::not_written, {}});
    return merge_failed(sources, "a source is gone");
  }
  merge_undecided_ = true;
  session_->write(std::move(unit), smq::write_class::bulk,
                  [this, sources, merged, post = poster()](const smq::write_answer& answer) {
                    post([this, sources, merged, answer] { merge_written(sources, merged, answer); });
                  });
}

void partition_state::merge_written(const std::vector<smq::segment>& sources, const smq::segment& merged,
                                    const smq::write_answer& answer) {
  settle_chunks(ids_of(merged.chunks), answer);
  if (answer.code == smq::write_result::refused) return merge_failed(sources, answer.reason);
  if (answer.code != smq::write_result::stored) return reload(answer.reason);
  smq::apply_merge(log_, sources, merged);
  ++changes_;
  merge_ended();
}

/// The files stay as they are, which costs nobody anything. Not tried again by this actor: it would copy
/// all of it again each time.
void partition_state::merge_failed(const std::vector<smq::segment>& sources, const std::string& reason) {
  log_event(log_level::warn, "segment files were not merged",
            {{"topic", place_.topic}, {"partition", place_.partition}, {"reason", reason}});
  merge_from_ = sources.back().next_offset;
  merge_ended();
}

void partition_state::merge_ended() {
  merging_ = false;
  merge_undecided_ = false;
  merge_turn_.reset();
  for (auto& read : std::exchange(after_change_, {})) read.run();
  start_trim();  // waited for the files
}

/// Files that a merged one stands for, left behind by a crash. They are remembered until they are gone, and nothing is
/// merged before: the next merged file would not name them, and a later load would take them for damage.
void partition_state::erase_leftovers() {
  if (log_.leftovers.empty()) return;
  merging_ = true;
  std::vector<smq::mutation> erasures;
  for (const auto& path : log_.leftovers) erasures.push_back({smq::mutation::kind::erase, {path, "", {}, {}}});
  session_->write(std::move(erasures), smq::write_class::bulk,
                  [this, post = poster()](const smq::write_answer& answer) {
                    post([this, answer] {
                      if (answer.code == smq::write_result::stored)
                        log_.leftovers.clear();
                      else if (answer.code != smq::write_result::refused)
                        return reload(answer.reason);
                      merge_ended();  // what was refused is tried again at the next roll
                    });
                  });
}

}  // namespace tidegate::actors
