#include "smq/segments/big_endian.hpp"
#include "smq/segments/read_log.hpp"
#include "smq/step_loop.hpp"

#include <algorithm>

namespace tidegate::smq {

namespace {

// Positions in a v2 batch that read_log() has checked: 61 bytes at least.
constexpr std::size_t last_delta_position = 23;
constexpr std::size_t max_timestamp_position = 35;
constexpr std::size_t time_scan_bytes = 1024 * 1024;

std::int64_t next_offset_of(const shared_bytes& batch) {
  return be_reader{batch.view()}.get<std::int64_t>() +
         be_reader{batch.view().subspan(last_delta_position)}.get<std::int32_t>() + 1;
}

std::int64_t max_timestamp_of(const shared_bytes& batch) {
  return be_reader{batch.view().subspan(max_timestamp_position)}.get<std::int64_t>();
}

/// Reads on and on; `skip` may move the next offset forward before each read.
class log_scanner final : public step_loop {
 public:
  using skip_function = std::function<std::int64_t(const log_view&, std::int64_t)>;

  log_scanner(engine ports, std::shared_ptr<const log_view> view, std::int64_t offset, std::size_t max_bytes,
              time_point deadline, skip_function skip, std::function<bool(const shared_bytes&)> visit,
              completion<outcome> done)
    : ports_(ports),
      view_(std::move(view)),
      offset_(offset),
      max_bytes_(max_bytes),
      deadline_(deadline),
      skip_(std::move(skip)),
      visit_(std::move(visit)),
      done_(std::move(done)),
      index_(4 * index_cache::point_bytes) {}

 private:
  bool step() override {
    if (asked_) {
      if (!answer_.is_ok()) return finish(answer_.what);
      if (answer_.value.empty()) return finish({});
      for (const auto& batch : answer_.value) {
        offset_ = next_offset_of(batch);
        if (!visit_(batch)) return finish({});
      }
      answer_.value.clear();
    }
    if (skip_) offset_ = skip_(*view_, offset_);
    asked_ = true;
    read_log(ports_, view_, offset_, max_bytes_, deadline_, &index_,
             [self = shared_from_this(), this](result<std::vector<shared_bytes>> answer) {
               answer_ = std::move(answer);
               resume();
             });
    return true;
  }

  bool finish(outcome what) {
    done_(std::move(what));
    return false;
  }

  engine ports_;
  std::shared_ptr<const log_view> view_;
  std::int64_t offset_;
  std::size_t max_bytes_;
  time_point deadline_;
  skip_function skip_;
  std::function<bool(const shared_bytes&)> visit_;
  completion<outcome> done_;
  index_cache index_;  // its own: a scan must not push out the points of consumers
  bool asked_ = false;
  result<std::vector<shared_bytes>> answer_;
};

/// The offset to go on at when segments whose records are all older are left out.
std::int64_t skip_older_segments(const log_view& view, std::int64_t offset, std::int64_t timestamp_ms) {
  for (const auto& s : view.segments)
    if (s.next_offset > offset && s.max_timestamp >= timestamp_ms) return std::max(offset, s.base_offset);
  return view.end_offset;
}

}  // namespace

void find_by_timestamp(engine ports, std::shared_ptr<const log_view> view, std::int64_t timestamp_ms,
                       time_point deadline, completion<result<shared_bytes>> done) {
  auto found = std::make_shared<shared_bytes>();
  auto skip = [timestamp_ms](const log_view& v, std::int64_t offset) {
    return skip_older_segments(v, offset, timestamp_ms);
  };
  auto visit = [found, timestamp_ms](const shared_bytes& batch) {
    if (max_timestamp_of(batch) < timestamp_ms) return true;
    *found = batch;
    return false;
  };
  auto log_start = view->log_start;
  std::make_shared<log_scanner>(ports, std::move(view), log_start, time_scan_bytes, deadline, skip, visit,
                                [found, done = std::move(done)](outcome what) {
                                  done({std::move(what), *found});
                                })
      ->run();
}

void find_newest(engine ports, std::shared_ptr<const log_view> view, time_point deadline,
                 completion<result<newest_batches>> done) {
  auto found = std::make_shared<newest_batches>();
  auto visit = [found](const shared_bytes& batch) {
    if (found->first.empty())
      found->first = batch;
    else if (found->behind.empty() || max_timestamp_of(batch) > max_timestamp_of(found->behind))
      found->behind = batch;
    return true;
  };
  const auto log_start = view->log_start;
  std::make_shared<log_scanner>(ports, std::move(view), log_start, time_scan_bytes, deadline, nullptr, visit,
                                [found, done = std::move(done)](outcome what) {
                                  done({std::move(what), std::move(*found)});
                                })
      ->run();
}

}  // namespace tidegate::smq
