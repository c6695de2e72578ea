#pragma once

#include "actors/group/coordinator.hpp"
#include "actors/group/smq_group_store.hpp"
#include "actors/interfaces/registry_directory.hpp"
#include "actors/partition/partition_settings.hpp"
#include "actors/partition/retention_sweeper.hpp"
#include "actors/runtime/supervisor.hpp"
#include "actors/store/store_access.hpp"
#include "actors/topic/topic_registry_state.hpp"

#include <cstddef>
#include <memory>

namespace tidegate::actors {

struct registry_settings {
  topic_defaults topics;
  partition_settings partitions;
  coordinator_context groups;  // group id and store are filled in
  std::size_t most_groups = 100'000;  // limits.groups
  retention_settings retention;
  core::restart_policy::limits restarts;
};

/// Makes everybody let go of a topic that no snapshot has any more. Actors go first, then what they or their
/// predecessors still have on its way to the store is decided. A registry that is down holds nothing back.
topic_forgotten forget_everywhere(std::shared_ptr<const store_access> store,
                                  std::shared_ptr<registry_directory> directory,
                                  std::shared_ptr<smq_group_store> groups);

/// Tells the offset actors that run; others begin with what the snapshot has.
topic_told tell_partitions(std::shared_ptr<registry_directory> directory);

/// Where the offset actors answer for `smq_group_store`.
native_translation translate_in(std::shared_ptr<registry_directory> directory);

/// Starts the registries and the retention sweeper under one supervisor; the registries' handles are in `directory` when
/// this returns. Stopping it ends the sweeper, then groups, partitions, topics: who is asked goes after who asks.
supervisor_actor start_registries(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                  std::shared_ptr<registry_directory> directory, registry_settings settings,
                                  escalation escalate);

}  // namespace tidegate::actors
