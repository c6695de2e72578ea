#include "net/admissions.hpp"

#include "net/counters.hpp"

#include <algorithm>
#include <iterator>

namespace tidegate::net {

namespace {

std::shared_ptr<void> refuse(counter& of, const char* limit, const char*& why) {
  of.add();
  why = limit;
  return nullptr;
}

}  // namespace

void admissions_by_address::refill(row& one, time_point now) const {
  const auto rate = static_cast<double>(limits_.per_second);
  const auto seconds = std::chrono::duration<double>(now - one.counted_at).count();
  one.credit = std::min(one.credit + seconds * rate, burst_seconds * rate);
  one.counted_at = now;
}

std::shared_ptr<void> admissions_by_address::admit(const std::string& address, time_point now, const char*& why) {
  std::lock_guard lock(mutex_);
  if (open_ >= limits_.connections) return refuse(counted.rejected_by_node_limit, "max.connections", why);
  if (rows_.size() >= sweep_at_) forget_quiet_addresses(now);
  const auto full = burst_seconds * static_cast<double>(limits_.per_second);
  auto& one = rows_.try_emplace(address, row{0, full, now}).first->second;
  refill(one, now);
  if (one.open >= limits_.connections_per_address)
    return refuse(counted.rejected_by_address_limit, "max.connections.per.ip", why);
  if (one.credit < 1) return refuse(counted.rejected_by_rate, "limits.connections_per_second", why);
  one.credit -= 1;
  ++one.open;
  ++open_;
  counted.accepted.add();
  counted.connections.add();
  return {static_cast<void*>(this), [self = shared_from_this(), address](void*) { self->leave(address); }};
}

void admissions_by_address::leave(const std::string& address) {
  std::lock_guard lock(mutex_);
  --open_;
  counted.connections.add(-1);
  --rows_.at(address).open;
}

void admissions_by_address::forget_quiet_addresses(time_point now) {
  const auto full = burst_seconds * static_cast<double>(limits_.per_second);
  for (auto at = rows_.begin(); at != rows_.end();) {
    refill(at->second, now);
    at = at->second.open == 0 && at->second.credit >= full ? rows_.erase(at) : std::next(at);
  }
  sweep_at_ = std::max<std::size_t>(1024, 2 * rows_.size());
}

std::size_t admissions_by_address::rows() const {
  std::lock_guard lock(mutex_);
  return rows_.size();
}

std::size_t admissions_by_address::connections() const {
  std::lock_guard lock(mutex_);
  return open_;
}

}  // namespace tidegate::net
