#pragma once

#include "actors/metrics/lag.hpp"
#include "messages/actor/forget_topic.hpp"
#include "messages/actor/group.hpp"
#include "messages/actor/release.hpp"
#include "messages/actor/resume.hpp"

#include <caf/typed_actor.hpp>

#include <vector>

namespace tidegate::msg {

struct group_row {
  std::string group_id;
  std::string state;
  std::string protocol_type;
};

struct list_groups_result {
  error_code error = error_code::coordinator_not_available;
  std::vector<group_row> groups;
};

/// Every group: what storage lists, with the live state of those in use.
struct list_groups {
  reply<list_groups_result> answer;
};

}  // namespace tidegate::msg

namespace tidegate::actors {

/// GROUP REGISTRY: passes every request on to the group's coordinator, starting it when needed.
using group_registry_actor = caf::typed_actor<
  caf::reacts_to<msg::join_group>, caf::reacts_to<msg::sync_group>,
  caf::reacts_to<msg::heartbeat>, caf::reacts_to<msg::leave_group>,
  caf::reacts_to<msg::offset_commit>, caf::reacts_to<msg::offset_fetch>,
  caf::reacts_to<msg::describe_group>, caf::reacts_to<msg::delete_group>,
  caf::reacts_to<msg::delete_offsets>, caf::reacts_to<msg::list_groups>,
  caf::reacts_to<msg::forget_topic>, caf::reacts_to<msg::report_lag>, caf::reacts_to<msg::release_group>,
  caf::reacts_to<msg::resume>>;

}  // namespace tidegate::actors
