#include "smq/seaweedmq/calls.hpp"

namespace tidegate::smq::seaweedmq {

bool open_calls::add(grpc::ClientContext& call) {
  const std::lock_guard lock{mutex_};
  if (closed_) return false;
  calls_.insert(&call);
  return true;
}

void open_calls::remove(grpc::ClientContext& call) {
  const std::lock_guard lock{mutex_};
  calls_.erase(&call);
  if (closed_ && calls_.empty()) changed_.notify_all();
}

void open_calls::close() {
  std::unique_lock lock{mutex_};
  closed_ = true;
  for (auto* call : calls_) call->TryCancel();
  changed_.wait(lock, [this] { return calls_.empty(); });
}

gpr_timespec to_grpc(time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

}  // namespace tidegate::smq::seaweedmq
