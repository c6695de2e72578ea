#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"

namespace tidegate::smq::seaweedmq {

/// Whether there must be a certificate of our own, or it may be left out together with its key.
enum class own_certificate : std::uint8_t { needed, optional };

/// Contents of the files; "" of those that were left out.
struct pem_texts {
  std::string ca;
  std::string cert;
  std::string key;
  friend bool operator==(const pem_texts&, const pem_texts&) = default;
};

/// Finds what gRPC would never say: without a usable pair it does not even connect. Blocks for small files.
/// Errors: refused (a file that is not named or cannot be read, holds no certificate or no key, or a key of another
/// certificate).
result<pem_texts> read_pem_files(const tls_files& files, own_certificate own);

}  // namespace tidegate::smq::seaweedmq
