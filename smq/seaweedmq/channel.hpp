#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"

#include <memory>
#include <string>

namespace grpc {
class Channel;
}

namespace tidegate::smq::seaweedmq {

/// A channel to a gRPC target ("host:port"); it connects with its first call.
/// Errors: refused (PEM files that cannot be right, or only some of the three are given).
result<std::shared_ptr<grpc::Channel>> make_channel(const std::string& target, const tls_files& tls);

}  // namespace tidegate::smq::seaweedmq
