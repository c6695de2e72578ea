#pragma once

#include "actors/handlers/request.hpp"
#include "actors/handlers/services.hpp"

#include <functional>
#include <string>
#include <vector>

namespace tidegate::actors::handlers {

/// A topic as a request names it: by name, or by id where the version has ids (then `by_id`).
struct topic_reference {
  std::string name;
  uuid id;
  bool by_id = false;
};

/// Finds the topics of a request and calls `done` with one result per reference, in order: at once when all are known,
/// else later on another thread, while the connection's next request is held back so that it cannot overtake.
/// `create`: makes topics that are missing, in the name of the request's client.
/// Errors: unknown_topic_or_partition, unknown_topic_id, leader_not_available (storage cannot say now); with `create` also
/// those of msg::create_topic.
void find_topics(const services& node, const request_ptr& r, std::vector<topic_reference> wanted, bool create,
                 std::function<void(std::vector<msg::topic_result>)> done);

inline error_code check_partition(const msg::topic_result& found, std::int32_t partition) {
  if (found.error != error_code::none) return found.error;
  return partition >= 0 && partition < found.topic->partitions ? error_code::none
                                                               : error_code::unknown_topic_or_partition;
}

}  // namespace tidegate::actors::handlers
