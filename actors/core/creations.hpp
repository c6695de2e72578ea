#pragma once

#include "messages/common/rate_credit.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace tidegate::core {

/// How fast the clients of one address may bring groups, or partitions, into being that nobody had before: names cost
/// their inventor nothing, but each is an entry in the store and something in memory. What exists is never counted, so a
/// restart with very many of them is none of it. Memory: a row per address that created one in the last ten seconds, or
/// owes for those that it created.
class creations {
 public:
  using time_point = rate_credit::time_point;

  struct answer {
    bool is_admitted = true;
    std::chrono::milliseconds wait{0};  // until it may, or may ask again
    friend bool operator==(const answer&, const answer&) = default;
  };

  explicit creations(double per_second) : per_second_(per_second) {}

  /// Who is counted for a client's host as DescribeGroups shows it: the /64 of an IPv6 address, for whoever has one
  /// address usually has all of these.
  static std::string owner_of(const std::string& client);

  /// `client` is about to create `count`, which it may as soon as it has credit for one: the rest it owes (as in
  /// KIP-599). `patience`: how long it would wait for its turn; who has to wait longer is refused and owes nothing.
  answer create(const std::string& client, std::int64_t count, time_point now, std::chrono::milliseconds patience = {}) {
    if (rows_.size() >= sweep_at_) forget_quiet_clients(now);
    auto& credit = rows_.try_emplace(owner_of(client), per_second_, now).first->second;
    std::chrono::milliseconds wait{0};
    if (!credit.has_one(per_second_, now)) wait = credit.until_one(per_second_);
    if (wait > patience) return {false, wait};
    credit.take(count);
    return {true, wait};
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
