#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::smq::seaweedmq {

enum class durability : std::uint8_t { fsync, os };

/// PEM files as in [grpc.client] or [https.client] of SeaweedFS's security.toml. All empty: no TLS.
struct tls_files {
  std::string ca;
  std::string cert;
  std::string key;
  [[nodiscard]] bool is_set() const { return !ca.empty() || !cert.empty() || !key.empty(); }
};

/// Where the cluster is and how it stores. Addresses are SeaweedFS's: "host:port" (gRPC is at port + 10000) or
/// "host:port.grpcport".
struct options {
  std::vector<std::string> masters;
  std::string filer;        // given: this one; empty: the only filer of the group that the masters know
  std::string filer_group;  // SeaweedFS's -filerGroup
  std::string collection = "topics";  // of chunks; SeaweedMQ's brokers use this one
  std::string replication;            // e.g. "001"; empty: the cluster's default
  durability level = durability::fsync;
  tls_files tls;                   // of gRPC
  std::optional<tls_files> https;  // set: chunks go over HTTPS; `ca` is needed, `cert` and `key` where servers ask for it
  std::string jwt_read_key;  // of [jwt.signing.read] in security.toml; "": reads need no token. A secret
};

/// Design §5.2, §5.3: what node_options and shard_options get on this engine.
inline constexpr std::uint16_t shard_count = 16;
inline constexpr std::size_t max_window_mutations = 128;
inline constexpr std::size_t max_window_bytes = 256U << 10U;

}  // namespace tidegate::smq::seaweedmq
