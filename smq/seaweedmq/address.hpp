#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::smq::seaweedmq {

/// "host:port" of the gRPC service at a master's or filer's address: "h:8888" is at h:18888, "h:8888.7000" at h:7000.
/// Errors: nullopt = no such address.
std::optional<std::string> grpc_target(std::string_view address);

}  // namespace tidegate::smq::seaweedmq
