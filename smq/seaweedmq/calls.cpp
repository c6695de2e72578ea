#include "smq/seaweedmq/calls.hpp"

namespace tidegate::smq::seaweedmq {

bool open_calls::add(grpc::ClientContext& call) {
  const std::lock_guard lock{mutex_};
  if (closed_) return false;
  calls_.insert(&call);
  ++open_;
  return true;
}

void open_calls::forget(grpc::ClientContext& context) {
  const std::lock_guard lock{mutex_};
  calls_.erase(&context);
}

void open_calls::count_down() {
  const std::lock_guard lock{mutex_};
  --open_;
  if (closed_ && open_ == 0) changed_.notify_all();
}

void open_calls::close() {
  std::unique_lock lock{mutex_};
  closed_ = true;
  for (auto* call : calls_) call->TryCancel();
  changed_.wait(lock, [this] { return open_ == 0; });
}

gpr_timespec to_grpc(time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

}  // namespace tidegate::smq::seaweedmq
