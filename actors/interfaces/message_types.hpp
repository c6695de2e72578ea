#pragma once

#include "actors/interfaces/connection_messages.hpp"
#include "actors/interfaces/group_registry.hpp"
#include "actors/interfaces/mapping_writer.hpp"
#include "actors/interfaces/partition_registry.hpp"
#include "actors/interfaces/topic_registry.hpp"
#include "messages/actor/stop_children.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/send.hpp>

// Messages stay inside the process: none of them is ever serialised. Copies are cheap: payloads are shared slices.
#define TIDEGATE_LOCAL_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)

TIDEGATE_LOCAL_MESSAGE(tidegate::msg::resume)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::append)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::fetch_read)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::fetch_wait)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::list_offsets)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::offset_for_leader_epoch)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::find_by_ts)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::trim)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::join_group)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::sync_group)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::heartbeat)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::leave_group)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::offset_commit)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::offset_fetch)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::describe_group)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::list_group)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::delete_group)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::delete_offsets)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::frames)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::response)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::peer_gone)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::stage_done)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::find_topic)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::create_topic)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::delete_topic)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::change_topic)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::topic_changed)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::load_all_topics)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::forget_topic)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::close_cleanly)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::retire_partition)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::mapping_report)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::list_groups)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::release_group)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::release_partitions)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::report_lag)
TIDEGATE_LOCAL_MESSAGE(tidegate::msg::stop_children)
