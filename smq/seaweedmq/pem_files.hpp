#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"

#include <string>

namespace tidegate::smq::seaweedmq {

/// What stands in the files of a tls_files.
struct pem_texts {
  std::string ca;
  std::string cert;
  std::string key;
};

/// Reads the files and checks what gRPC would otherwise never say: without a usable pair it does not even connect.
/// Errors: refused (a file that cannot be read, holds no certificate or no key, or a key of another certificate).
result<pem_texts> read_pem_files(const tls_files& files);

}  // namespace tidegate::smq::seaweedmq
