#include "net/admissions.hpp"

#include "net/counters.hpp"

#include <algorithm>

namespace tidegate::net {

namespace {

std::shared_ptr<void> refuse(counter& of, const char* limit, const char*& why) {
  of.add();
  why = limit;
  return nullptr;
}

}  // namespace

std::shared_ptr<void> admissions_by_address::admit(const std::string& address, time_point now, const char*& why) {
  std::lock_guard lock(mutex_);
  if (open_ >= limits_.connections) return refuse(counted.rejected_by_node_limit, "kafka.max.connections", why);
  if (rows_.size() >= sweep_at_) forget_quiet_addresses(now);
  auto& one = rows_.try_emplace(address, row{0, {rate(), now}}).first->second;
  if (one.open >= limits_.connections_per_address)
    return refuse(counted.rejected_by_address_limit, "kafka.max.connections.per.ip", why);
  if (!one.credit.has_one(rate(), now)) return refuse(counted.rejected_by_rate, "limits.connections_per_second", why);
  one.credit.take_one();
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
  std::erase_if(rows_, [&](const auto& of) { return of.second.open == 0 && of.second.credit.is_full(rate(), now); });
  sweep_at_ = std::max<std::size_t>(1024, 2 * rows_.size());
}

void admissions_by_address::follow(const admission_limits& limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
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
