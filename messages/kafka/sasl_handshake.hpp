#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <string>
#include <vector>

namespace tidegate::kafka {

/// SaslHandshake request (API key 17), v0–v1. Never flexible.
struct sasl_handshake_request {
  static constexpr api_key api = api_key::sasl_handshake;

  std::string mechanism;

  static constexpr void fields(auto& x, auto& f) { f("Mechanism", x.mechanism); }
  friend bool operator==(const sasl_handshake_request&, const sasl_handshake_request&) = default;
};

/// SaslHandshake response (API key 17), v0–v1. Never flexible.
struct sasl_handshake_response {
  static constexpr api_key api = api_key::sasl_handshake;

  tidegate::error_code error_code = tidegate::error_code::none;
  std::vector<std::string> mechanisms;

  static constexpr void fields(auto& x, auto& f) {
    f("ErrorCode", x.error_code);
    f("Mechanisms", x.mechanisms);
  }
  friend bool operator==(const sasl_handshake_response&, const sasl_handshake_response&) = default;
};

}  // namespace tidegate::kafka
