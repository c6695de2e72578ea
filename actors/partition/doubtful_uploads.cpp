#include "actors/partition/doubtful_uploads.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::actors {

namespace {

bool names_chunk(const smq::log_state& log, const smq::chunk_id& id) {
  return std::ranges::any_of(log.segments, [&](const smq::segment& s) {
    return std::ranges::find(s.chunks, id, &smq::chunk_ref::id) != s.chunks.end();
  });
}

}  // namespace

void doubtful_uploads::settle(const std::vector<smq::chunk_id>& chunks, const smq::write_answer& answer) {
  switch (answer.code) {
    case smq::write_result::refused:
    case smq::write_result::not_written:
      for (const auto& id : chunks) log_.store->release(id);
      break;
    case smq::write_result::reload:
      chunks_.insert(chunks_.end(), chunks.begin(), chunks.end());
      break;
    case smq::write_result::stored:
    case smq::write_result::fenced: break;
  }
}

void doubtful_uploads::log_loaded() {
  is_of_merge_ = false;
  for (const auto& id : std::exchange(chunks_, {}))
    if (!names_chunk(log_.state, id)) log_.store->release(id);
}

void doubtful_uploads::load_failed() {
  if (std::exchange(is_of_merge_, false)) chunks_.clear();
}

}  // namespace tidegate::actors
