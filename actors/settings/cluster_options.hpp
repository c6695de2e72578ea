#pragma once

#include "actors/settings/options.hpp"
#include "smq/seaweedmq/options.hpp"

namespace tidegate::actors {

/// What the settings say about the SeaweedFS cluster, for the engine seaweedmq.
smq::seaweedmq::options cluster_options(const smq_settings& settings);

}  // namespace tidegate::actors
