#pragma once

#include "actors/interfaces/topic_directory.hpp"
#include "messages/actor/resume.hpp"
#include "messages/common/error_code.hpp"
#include "messages/common/reply.hpp"

#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::msg {

struct topic_result {
  error_code error = error_code::leader_not_available;
  std::shared_ptr<const smq::topic_info> topic;  // with error none
  std::int32_t throttle_ms = 0;                  // how long the client is to wait before it asks again
  std::string similar{};                         // with invalid_topic_exception: the topic whose name collides
};

/// Who wants partitions that nobody had before: limits.new_partitions_per_second.
struct partition_maker {
  std::string address{};
  bool is_told = true;  // the answer can say throttling_quota_exceeded; others have to wait for theirs (KIP-599)
};

/// Looks a topic up by name, or by id when the name is empty. `create`: make it with the node's defaults when there is
/// none (Metadata with allow_auto_topic_creation).
struct find_topic {
  std::string name;
  uuid id;
  bool create = false;
  reply<topic_result> answer;
  partition_maker from{};
};

/// Makes a topic. Errors: topic_already_exists, invalid_topic_exception (its name collides with another topic's),
/// request_timed_out (undecided in time), policy_violation (limits.partitions), throttling_quota_exceeded,
/// leader_not_available (nobody can say now which topics there are).
struct create_topic {
  std::string name;
  std::int32_t partitions = 1;
  std::map<std::string, std::string> configs;
  reply<topic_result> answer;
  partition_maker from{};
  bool validate_only = false;  // look at the name, make nothing: error none comes without a topic
};

/// Deletes a topic: no write for its id is accepted any more, then its data and positions are removed.
struct delete_topic {
  std::string name;
  uuid id;  // used when the name is empty
  reply<topic_result> answer;
};

/// What a request makes of a topic; with error none `after` is what it shall be.
struct topic_change {
  error_code error = error_code::none;
  std::string message;
  smq::topic_info after;
};

struct change_result {
  error_code error = error_code::request_timed_out;
  std::string message;  // "" = none
  std::int32_t throttle_ms = 0;
};

/// Changes configs or the number of partitions of a live topic; answers when it is stored and in the snapshot.
/// `decide` is pure; it is asked with the topic as it is stored, again if somebody else was faster.
/// Errors: those of `decide`, unknown_topic_or_partition, request_timed_out (undecided in time: done or not), and those of
/// create_topic about the number of partitions.
struct change_topic {
  std::string name;
  std::function<topic_change(const smq::topic_info& now)> decide;
  bool validate_only = false;  // decide, store nothing
  reply<change_result> answer;
  partition_maker from{};
};

/// Loads every live topic into the snapshot; answers when it is complete. Topics whose entries cannot be read are named
/// in it: they are neither live nor absent.
struct load_all_topics {
  reply<error_code> answer;
};

}  // namespace tidegate::msg

namespace tidegate::actors {

/// TOPIC REGISTRY: one per node. Owns the published snapshot; the only one that creates, changes and deletes
/// topics.
using topic_registry_actor =
  caf::typed_actor<caf::reacts_to<msg::find_topic>, caf::reacts_to<msg::create_topic>,
                   caf::reacts_to<msg::delete_topic>, caf::reacts_to<msg::change_topic>,
                   caf::reacts_to<msg::load_all_topics>, caf::reacts_to<msg::resume>>;

}  // namespace tidegate::actors
