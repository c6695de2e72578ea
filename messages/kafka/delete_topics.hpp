#pragma once

#include "messages/common/error_code.hpp"
#include "messages/common/uuid.hpp"
#include "messages/kafka/api_table.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::kafka {

/// DeleteTopics request (API key 20), v0–v6. Flexible since v4 (KIP-482).
struct delete_topics_request {
  static constexpr api_key api = api_key::delete_topics;

  struct topic {
    std::optional<std::string> name;
    uuid topic_id;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name);
      f("TopicId", x.topic_id);
    }
    friend bool operator==(const topic&, const topic&) = default;
  };

  std::vector<topic> topics;
  std::vector<std::string> topic_names;
  std::int32_t timeout_ms = 0;

  static constexpr void fields(auto& x, auto& f) {
    f("Topics", x.topics, since(6));
    f("TopicNames", x.topic_names, until(5));
    f("TimeoutMs", x.timeout_ms);
  }
  friend bool operator==(const delete_topics_request&, const delete_topics_request&) = default;
};

/// DeleteTopics response (API key 20), v0–v6. Flexible since v4 (KIP-482).
struct delete_topics_response {
  static constexpr api_key api = api_key::delete_topics;

  struct result {
    std::optional<std::string> name = "";
    uuid topic_id;
    tidegate::error_code error_code = tidegate::error_code::none;
    std::optional<std::string> error_message;

    static constexpr void fields(auto& x, auto& f) {
      f("Name", x.name, nullable_since(6));
      f("TopicId", x.topic_id, since(6));
      f("ErrorCode", x.error_code);
      f("ErrorMessage", x.error_message, since(5));
    }
    friend bool operator==(const result&, const result&) = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<result> responses;

  static constexpr void fields(auto& x, auto& f) {
    f("ThrottleTimeMs", x.throttle_time_ms, since(1));
    f("Responses", x.responses);
  }
  friend bool operator==(const delete_topics_response&, const delete_topics_response&) = default;
};

}  // namespace tidegate::kafka
