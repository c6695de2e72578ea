#include "messages/kafka/find_coordinator.hpp"

#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"

namespace tidegate::actors::handlers {

namespace {

constexpr std::int8_t group_key = 0;
constexpr std::int8_t transaction_key = 1;

kafka::find_coordinator_response::coordinator find_one(const services& node, const std::string& key, std::int8_t type) {
  kafka::find_coordinator_response::coordinator out;
  out.key = key;
  if (type != group_key) {
    // No transactions and no share groups (yet), hence no coordinator for them. Clients take most other errors for
    // "ask again".
    out.node_id = -1;
    out.port = -1;
    out.error_code = type == transaction_key ? error_code::transactional_id_authorization_failed
                                             : error_code::invalid_request;
    out.error_message = type == transaction_key ? "Transactions are not offered." : "There is no such coordinator.";
    return out;
  }
  out.node_id = node.node_id;
  out.host = node.host;
  out.port = node.port;
  return out;
}

}  // namespace

/// FindCoordinator (API key 10). Errors: transactional_id_authorization_failed (no transactions), invalid_request (no
/// share groups, and all other types of keys).
void find_coordinator(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::find_coordinator_request>();
  if (!asked) return;
  kafka::find_coordinator_response response;
  if (r->header.api_version >= 4) {
    for (const auto& key : asked->coordinator_keys)
      response.coordinators.push_back(find_one(node, key, asked->key_type));
    return r->answer(response);
  }
  const auto one = find_one(node, asked->key, asked->key_type);
  response.error_code = one.error_code;
  response.error_message = one.error_code == error_code::none ? "NONE" : one.error_message;  // as in Kafka
  response.node_id = one.node_id;
  response.host = one.host;
  response.port = one.port;
  r->answer(response);
}

}  // namespace tidegate::actors::handlers
