#pragma once

#include "messages/common/rate_credit.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace tidegate::core {

/// How fast the clients of one address may bring groups into being that nobody had before: names cost their inventor
/// nothing, but each is an entry in the store and a coordinator in memory. Groups that exist are never counted, so a
/// restart with very many of them is none of it. Memory: a row per address that created one in the last ten seconds.
class group_creations {
 public:
  using time_point = rate_credit::time_point;

  explicit group_creations(double per_second) : per_second_(per_second) {}

  /// `client` is about to create one: nothing when it may, else how long it must wait.
  std::optional<std::chrono::milliseconds> create(const std::string& client, time_point now) {
    if (rows_.size() >= sweep_at_) forget_quiet_clients(now);
    auto& credit = rows_.try_emplace(client, per_second_, now).first->second;
    if (!credit.has_one(per_second_, now)) return credit.until_one(per_second_);
    credit.take_one();
    return std::nullopt;
  }

  [[nodiscard]] std::size_t rows() const { return rows_.size(); }

 private:
  void forget_quiet_clients(time_point now) {
    std::erase_if(rows_, [&](const auto& row) { return row.second.is_full(per_second_, now); });
    sweep_at_ = std::max<std::size_t>(1024, 2 * rows_.size());
  }

  double per_second_;
  std::unordered_map<std::string, rate_credit> rows_;
  std::size_t sweep_at_ = 1024;
};

}  // namespace tidegate::core
