#include "messages/kafka/find_coordinator.hpp"

#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"

namespace tidegate::actors::handlers {

namespace {

constexpr std::int8_t group_key = 0;
constexpr std::int8_t transaction_key = 1;
constexpr std::int8_t share_key = 2;  // v6 and later

kafka::find_coordinator_response::coordinator find_one(const services& node, const std::string& key,
                                                       std::int8_t type, std::int16_t version) {
  kafka::find_coordinator_response::coordinator out;
  out.key = key;
  if (type != group_key) {
    // No transactions (yet), hence no coordinator for them. Clients take every other error for "ask again".
    out.node_id = -1;
    out.port = -1;
    out.error_code = error_code::invalid_request;
    if (type == transaction_key) out.error_code = error_code::transactional_id_authorization_failed;
    if (type == share_key && version >= 6) out.error_code = error_code::coordinator_not_available;
    out.error_message = type == transaction_key ? "Transactions are not offered." : "There is no such coordinator.";
    return out;
  }
  out.node_id = node.node_id;
  out.host = node.host;
  out.port = node.port;
  return out;
}

}  // namespace

/// FindCoordinator (API key 10). Errors: transactional_id_authorization_failed (no transactions), coordinator_not_available
/// (no share groups), invalid_request.
void find_coordinator(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::find_coordinator_request>();
  if (!asked) return;
  kafka::find_coordinator_response response;
  if (r->header.api_version >= 4) {
    for (const auto& key : asked->coordinator_keys)
      response.coordinators.push_back(find_one(node, key, asked->key_type, r->header.api_version));
    return r->answer(response);
  }
  auto one = find_one(node, asked->key, asked->key_type, r->header.api_version);
  response.error_code = one.error_code;
  response.error_message = one.error_message;
  response.node_id = one.node_id;
  response.host = one.host;
  response.port = one.port;
  r->answer(response);
}

}  // namespace tidegate::actors::handlers
