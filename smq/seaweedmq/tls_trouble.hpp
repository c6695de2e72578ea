#pragma once

#include <string>

namespace tidegate::smq::seaweedmq {

/// `reason`, gRPC's word on a call that failed, with what it most likely means for the TLS settings, if anything.
/// A server that does not like a certificate only closes the connection: TLS 1.3 lets it say so too late for gRPC.
std::string with_tls_advice(std::string reason, bool over_tls);

}  // namespace tidegate::smq::seaweedmq
