#pragma once

#include "actors/group/group_registry.hpp"
#include "actors/partition/partition_registry.hpp"
#include "actors/runtime/published.hpp"
#include "actors/topic/topic_registry.hpp"

namespace tidegate::actors {

/// The registries of this node as they are now.
struct registry_directory {
  published<topic_registry_actor> topics;
  published<partition_registry_actor> partitions;
  published<group_registry_actor> groups;
};

}  // namespace tidegate::actors
