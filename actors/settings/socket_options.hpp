#pragma once

#include "actors/settings/options.hpp"
#include "net/admin_server.hpp"
#include "net/server.hpp"

namespace tidegate::actors {

/// What the settings mean for the sockets. Both need settings without problems (see load_options).
net::server_options server_options_of(const options& settings, net::log_function log);
net::admin_options admin_options_of(const options& settings);

}  // namespace tidegate::actors
