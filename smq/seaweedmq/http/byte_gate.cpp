#include "smq/seaweedmq/http/byte_gate.hpp"

#include <utility>

namespace tidegate::smq::seaweedmq {

byte_gate::byte_gate(event_loop& loop, std::uint64_t max_bytes, std::size_t max_waiting)
  : max_bytes_(max_bytes), max_waiting_(max_waiting), waiting_(loop, [this](const waiter& late) {
      late.turned_away("deadline; waited behind " + std::to_string(used_) + " bytes on their way");
    }) {}

bool byte_gate::has_room_for(std::uint64_t bytes) const {
  return used_ == 0 || (bytes <= max_bytes_ && used_ <= max_bytes_ - bytes);
}

void byte_gate::enter(std::uint64_t bytes, time_point deadline, std::function<void()> go, refusal turned_away) {
  if (!closed_.empty()) return turned_away(closed_);
  if (waiting_.size() >= max_waiting_) return turned_away("too many wait for the volume servers");
  waiting_.push({bytes, std::move(go), std::move(turned_away)}, deadline);
  admit();
}

void byte_gate::leave(std::uint64_t bytes) {
  used_ -= bytes;
  admit();
}

void byte_gate::admit() {
  if (std::exchange(is_admitting_, true)) return;
  while (!waiting_.empty() && has_room_for(waiting_.front().bytes)) {
    const auto next = waiting_.pop();
    used_ += next->bytes;
    next->go();
  }
  is_admitting_ = false;
}

void byte_gate::close(const std::string& reason) {
  closed_ = reason;
  while (const auto one = waiting_.pop()) one->turned_away(reason);
}

}  // namespace tidegate::smq::seaweedmq
