#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"

namespace tidegate::smq::seaweedmq {

/// Finds what gRPC would never say: without a usable pair it does not even connect.
/// Errors: refused (a file that cannot be read, holds no certificate or no key, or a key of another certificate).
outcome check_pem_files(const tls_files& files);

}  // namespace tidegate::smq::seaweedmq
