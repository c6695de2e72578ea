#pragma once

#include "actors/interfaces/group_registry.hpp"
#include "actors/interfaces/partition_registry.hpp"
#include "actors/interfaces/published.hpp"
#include "actors/interfaces/topic_registry.hpp"

namespace tidegate::actors {

/// The registries of this node as they are now.
struct registry_directory {
  published<topic_registry_actor> topics;
  published<partition_registry_actor> partitions;
  published<group_registry_actor> groups;
};

}  // namespace tidegate::actors
