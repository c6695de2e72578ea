#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tidegate::kafka {

/// InitProducerId request (API key 22), v0–v5. Flexible since v2 (KIP-482).
struct init_producer_id_request {
  static constexpr api_key api = api_key::init_producer_id;

  std::optional<std::string> transactional_id = "";
  std::int32_t transaction_timeout_ms = 0;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;

  static constexpr void fields(auto& x, auto& f) {
    f("TransactionalId", x.transactional_id);
    f("TransactionTimeoutMs", x.transaction_timeout_ms);
    f("ProducerId", x.producer_id, since(3));
    f("ProducerEpoch", x.producer_epoch, since(3));
  }
  friend bool operator==(const init_producer_id_request&, const init_producer_id_request&) = default;
};

/// InitProducerId response (API key 22), v0–v5. Flexible since v2 (KIP-482).
struct init_producer_id_response {
  static constexpr api_key api = api_key::init_producer_id;

  std::int32_t throttle_time_ms = 0;
  tidegate::error_code error_code = tidegate::error_code::none;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = 0;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms);
    f("ErrorCode", x.error_code);
    f("ProducerId", x.producer_id);
    f("ProducerEpoch", x.producer_epoch);
  }
  friend bool operator==(const init_producer_id_response&, const init_producer_id_response&) = default;
};

}  // namespace tidegate::kafka
