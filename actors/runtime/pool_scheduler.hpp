#pragma once

#include <caf/actor_system_config.hpp>

#include <memory>

namespace tidegate::net {
class work_pool;
}

namespace tidegate::actors {

/// Systems of this configuration run their actors on the pool's threads, the same that serve the sockets; CAF has no
/// workers of its own then, but keeps its thread for timers. The system's end is the end of the pool. At most one system.
void run_actors_on(const std::shared_ptr<net::work_pool>& pool, caf::actor_system_config& config);

}  // namespace tidegate::actors
