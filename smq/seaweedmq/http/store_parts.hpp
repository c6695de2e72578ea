#pragma once

#include "smq/seaweedmq/http/byte_gate.hpp"
#include "smq/seaweedmq/http/chunk_store.hpp"
#include "smq/seaweedmq/http/http_pool.hpp"
#include "smq/seaweedmq/http/id_stock.hpp"
#include "smq/seaweedmq/http/location_cache.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <string>

namespace tidegate::smq::seaweedmq {

/// What the operations of a chunk store share. Thread: the loop's, but for `loop` and the counters.
struct store_parts {
  store_parts(volume_directory& directory, const chunk_store_options& wanted);

  /// When one of several tries has to end: half of what is left, so that another one has a chance.
  [[nodiscard]] time_point try_until(time_point deadline, bool last) const {
    const auto now = std::chrono::steady_clock::now();
    const auto left = deadline - now;
    return std::min(deadline, now + std::min<time_point::duration>(options.attempt_timeout, last ? left : left / 2));
  }

  /// Did not answer a GET lately: others first.
  [[nodiscard]] bool is_avoided(const std::string& server) const {
    const auto found = silent_since.find(server);
    return found != silent_since.end() && std::chrono::steady_clock::now() < found->second + options.avoided_for;
  }

  /// For a GET; "" when the cluster wants none.
  [[nodiscard]] std::string token_for(const file_id& id) const;

  chunk_store_options options;
  std::string mark;  // of uploads
  std::shared_ptr<event_loop> loop;
  std::unique_ptr<tls_client> tls;  // null: plain HTTP
  http_pool pool;
  std::shared_ptr<id_stock> stock;
  std::shared_ptr<location_cache> places;
  byte_gate puts;
  byte_gate gets;
  std::atomic<std::size_t> discards{0};
  std::map<std::string, time_point> silent_since;  // servers that did not answer the last GET
};

/// Takes `amount` of a limited good. False: there is not so much left.
template <class Number>
bool reserve(std::atomic<Number>& used, Number amount, Number limit) {
  auto now = used.load();
  do {
    if (amount > limit || now > limit - amount) return false;
  } while (!used.compare_exchange_weak(now, now + amount));
  return true;
}

}  // namespace tidegate::smq::seaweedmq
