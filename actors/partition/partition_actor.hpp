#pragma once

#include "actors/interfaces/partition_registry.hpp"
#include "actors/partition/partition_settings.hpp"
#include "actors/store/store_access.hpp"

#include <caf/actor_system.hpp>

#include <cstdint>
#include <memory>
#include <string>

/// The offset actor as the rest of the node starts it: without its parts.
namespace tidegate::actors {

/// The owner of a partition's writes.
std::string session_owner(const uuid& topic_id, std::int32_t partition);

partition_actor spawn_partition(caf::actor_system& system, std::shared_ptr<const store_access> store, topic_ptr topic,
                                std::int32_t partition, const partition_settings& settings,
                                partition_registry_actor registry = {});

}  // namespace tidegate::actors
