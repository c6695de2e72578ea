#pragma once

#include "actors/handlers/services.hpp"
#include "messages/actor/partition.hpp"
#include "messages/kafka/fetch.hpp"

#include <memory>

namespace tidegate::actors::handlers {

/// Counts a batch that goes to a client.
void count_sent(const msg::fetch_result& from, const shared_bytes& batch);

/// Tells a client whose epoch is an older leader's who leads `of` now, so that it goes on without asking for metadata.
/// As in Kafka from version 16 on, although 12 has a part of the fields. Source: KIP-951.
void name_leader(const services& node, const uuid& topic_id, kafka::fetch_response::partition_data& of,
                 kafka::fetch_response& response);

/// The last batch leaves memory last: the grant goes with it.
void hold_until_sent(const std::shared_ptr<fetch_grant>& grant, kafka::fetch_response& response);

}  // namespace tidegate::actors::handlers
