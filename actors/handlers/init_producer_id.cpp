#include "messages/kafka/init_producer_id.hpp"

#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"

namespace tidegate::actors::handlers {

/// InitProducerId (API key 22): a new id with epoch 0 for an idempotent producer.
/// Errors: invalid_request; transactional_id_authorization_failed (no transactions yet, and clients give up at once);
/// coordinator_load_in_progress while storage cannot say, as in Kafka: at "not available" Java looks for the coordinator of
/// a transaction that its producer does not have.
void init_producer_id(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::init_producer_id_request>();
  if (!asked) return;
  kafka::init_producer_id_response refused;
  refused.error_code = error_code::coordinator_load_in_progress;
  refused.producer_epoch = -1;
  const bool is_half_given = (asked->producer_id == -1) != (asked->producer_epoch == -1);
  if (is_half_given || (asked->transactional_id && asked->transactional_id->empty())) {
    refused.error_code = error_code::invalid_request;
    return r->answer(refused);
  }
  if (asked->transactional_id) {
    refused.error_code = error_code::transactional_id_authorization_failed;
    return r->answer(refused);
  }
  node.next_producer_id([r, refused](smq::result<std::int64_t> id) {
    if (!id.is_ok()) return r->answer(refused);
    kafka::init_producer_id_response response;
    response.producer_id = id.value;
    r->answer(response);
  });
}

}  // namespace tidegate::actors::handlers
