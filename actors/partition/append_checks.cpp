#include "actors/partition/append_checks.hpp"

#include "actors/metrics/counters.hpp"

#include <cstddef>
#include <memory>
#include <new>

namespace tidegate::actors {

namespace {

constexpr std::size_t decided_at_once = 16;

/// An exception here would end the process, not one actor.
kafka::batch_check validate_without_throwing(const shared_bytes& records, const kafka::batch_limits& limits) {
  try {
    return kafka::validate_batch(records.view(), limits);
  } catch (const std::bad_alloc&) {
    kafka::batch_check failed;
    failed.error = error_code::unknown_server_error;
    failed.reason = "There is no memory to decompress the records.";
    return failed;
  }
}

}  // namespace

void append_checks::append(const msg::append& m) {
  if (unchecked_.empty() && decide_quickly(m)) return;
  if (unchecked_.size() >= log_.settings.max_parked) return counted.unparked_partition_requests.add();
  unchecked_.push_back(m);
  if (unchecked_.size() == 1) check_elsewhere();
}

/// False: nothing is decided, it takes long to decompress.
bool append_checks::decide_quickly(const msg::append& m) {
  auto limits = log_.batch_limits_now();
  limits.trial_bytes = inflater::quick_bytes;
  const auto check = kafka::validate_batch(m.records.view(), limits);
  if (!check.is_cut_short) appends_.decide(m, check);
  return !check.is_cut_short;
}

void append_checks::check_elsewhere() {
  const auto& first = unchecked_.front();
  log_.settings.inflations->run(first.client_host, [this, records = first.records, limits = log_.batch_limits_now(),
                                                    life = log_.this_life(), post = log_.poster()] {
    if (life.expired()) return;
    const auto check = validate_without_throwing(records, limits);
    post([this, check, checked_timestamps = limits.checks_record_timestamps] { checked(check, checked_timestamps); });
  });
}

void append_checks::checked(const kafka::batch_check& check, bool checked_timestamps) {
  if (unchecked_.empty()) return;  // given up
  // The topic was altered meanwhile: its batches may carry other times.
  if (checked_timestamps != log_.batch_limits_now().checks_record_timestamps) return check_elsewhere();
  appends_.decide(unchecked_.front(), check);
  unchecked_.pop_front();
  decide_waiting();
}

/// What came behind it, some at a time, up to the next that takes long.
void append_checks::decide_waiting() {
  for (std::size_t i = 0; i < decided_at_once && !unchecked_.empty(); ++i) {
    if (!decide_quickly(unchecked_.front())) return check_elsewhere();
    unchecked_.pop_front();
  }
  if (!unchecked_.empty()) return log_.poster()([this] { decide_waiting(); });
  if (log_.closing) owner_.close_when_decided();
}

}  // namespace tidegate::actors
