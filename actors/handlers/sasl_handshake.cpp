#include "messages/kafka/sasl_handshake.hpp"

#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"

namespace tidegate::actors::handlers {

/// SaslHandshake (API key 17): illegal_sasl_state and no mechanism, as a listener of Kafka without SASL. A client that is
/// set to SASL can say what is wrong then, and does not take it for a fault of the network.
void sasl_handshake(const services&, const request_ptr& r) {
  if (!r->decode<kafka::sasl_handshake_request>()) return;
  kafka::sasl_handshake_response refused;
  refused.error_code = error_code::illegal_sasl_state;
  r->answer(refused);
}

}  // namespace tidegate::actors::handlers
