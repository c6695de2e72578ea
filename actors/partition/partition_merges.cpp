#include "actors/partition/partition_merges.hpp"

#include "actors/partition/partition_trims.hpp"
#include "actors/partition/topic_settings.hpp"
#include "smq/segments/merge_log.hpp"

#include <chrono>
#include <utility>

namespace tidegate::actors {

namespace {

std::vector<smq::chunk_id> ids_of(const std::vector<smq::chunk_ref>& chunks) {
  std::vector<smq::chunk_id> ids;
  for (const auto& chunk : chunks) ids.push_back(chunk.id);
  return ids;
}

}  // namespace

void partition_merges::start() {
  if (!log_.machine || is_merging_ || log_.closing) return;
  if (!log_.state.leftovers.empty()) return erase_leftovers();
  if (!log_.state.unlisted.empty() && !std::exchange(looked_back_, true)) return look_back();
  if (next_merge().empty()) {
    if (retirement_.is_leaving()) retirement_.ask();
    return;
  }
  is_merging_ = true;
  log_.settings.turns->ask([this, post = log_.poster()](const merge_turns::turn& turn) {
    post([this, turn] { merge_now(turn); });
  });
}

void partition_merges::start_last() {
  not_merged_.clear();
  start();
}

/// A load lists files from the last mark on, and its neighbours below the mark may be small, too. Once per load: what
/// is older than these was merged when they were written.
void partition_merges::look_back() {
  auto go_on = [this] { start(); };
  older_.list(log_.state.unlisted.back(), {go_on, go_on});
}

std::vector<smq::segment> partition_merges::next_merge() const {
  const auto plan = retirement_.is_leaving() ? smq::plan_last_merge : smq::plan_merge;
  auto rules = log_.settings.merges;
  if (const auto retention_ms = retention_ms_of(*log_.topic, log_.settings.retention_ms); retention_ms >= 0)
    rules.ages = smq::merge_ages{retention_ms, wall_ms()};
  return plan(log_.state, rules, not_merged_);
}

void partition_merges::merge_now(merge_turns::turn turn) {
  if (trims_.is_undecided() || log_.closing) return end();  // the next roll asks again
  turn_ = std::move(turn);
  const auto sources = next_merge();
  if (sources.empty()) {  // they expired while it waited
    end();
    return start();
  }
  const auto deadline = std::chrono::steady_clock::now() + log_.settings.merge_timeout;
  smq::copy_segments(log_.store->engine.chunks, log_.place, sources, log_.settings.merges.max_chunk_bytes, deadline,
                     log_.poster(), [this, sources](const smq::result<std::vector<smq::chunk_ref>>& copied) {
                       if (copied.is_ok())
                         return write_merged(sources, smq::merged_segment(log_.place, sources, copied.value));
                       doubts_.settle(ids_of(copied.value), {smq::write_result::not_written, {}});
                       merge_failed(sources, copied.what.reason);
                     });
}

void partition_merges::write_merged(const std::vector<smq::segment>& sources, const smq::segment& merged) {
  auto unit = smq::merge_mutations(log_.state, log_.place, sources, merged);
  if (unit.empty()) {
    doubts_.settle(ids_of(merged.chunks), {smq::write_result::not_written, {}});
    return merge_failed(sources, "a source is gone");
  }
  is_undecided_ = true;
  log_.session->write(std::move(unit), smq::write_class::bulk,
                      [this, sources, merged, post = log_.poster()](const smq::write_answer& answer) {
                        post([this, sources, merged, answer] { merge_written(sources, merged, answer); });
                      });
}

void partition_merges::merge_written(const std::vector<smq::segment>& sources, const smq::segment& merged,
                                     const smq::write_answer& answer) {
  doubts_.settle(ids_of(merged.chunks), answer);
  if (answer.code == smq::write_result::refused) return merge_failed(sources, answer.reason);
  if (answer.code != smq::write_result::stored) {
    if (retirement_.is_leaving()) leave_alone(sources);  // not tried until it succeeds: the actor is to go
    doubts_.set_of_merge(answer.code == smq::write_result::reload);
    return owner_.reload(answer.reason);
  }
  smq::apply_merge(log_.state, sources, merged);
  ++log_.changes;
  end();
  start();
}

void partition_merges::leave_alone(const std::vector<smq::segment>& files) {
  not_merged_.erase(not_merged_.begin(), not_merged_.lower_bound(log_.state.log_start));  // these are trimmed
  for (const auto& file : files) not_merged_.insert(file.base_offset);
}

/// The files stay as they are, which costs nobody anything. Not tried again before the partition goes quiet: it would
/// copy all of it again each time.
void partition_merges::merge_failed(const std::vector<smq::segment>& sources, const std::string& reason) {
  log_.say(log_level::warn, "segment files were not merged", log_field{"reason", reason});
  leave_alone(sources);
  end();
  start();
}

void partition_merges::end() {
  is_merging_ = false;
  is_undecided_ = false;
  turn_.reset();
  owner_.merge_ended();
}

void partition_merges::erase_leftovers() {
  if (log_.state.leftovers.empty()) return;
  is_merging_ = true;
  std::vector<smq::mutation> erasures;
  for (const auto& path : log_.state.leftovers) erasures.push_back({smq::mutation::kind::erase, {path, "", {}, {}}});
  log_.session->write(std::move(erasures), smq::write_class::bulk,
                      [this, post = log_.poster()](const smq::write_answer& answer) {
                        post([this, answer] {
                          if (answer.code == smq::write_result::stored)
                            log_.state.leftovers.clear();
                          else if (answer.code != smq::write_result::refused)
                            return owner_.reload(answer.reason);
                          end();  // what was refused is tried again at the next roll
                          if (!retirement_.is_leaving()) return;
                          if (!log_.state.leftovers.empty()) return retirement_.ask();
                          start();
                        });
                      });
}

}  // namespace tidegate::actors
