#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"
#include "smq/seaweedmq/orphans/needle_set.hpp"
#include "smq/seaweedmq/orphans/verdict.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace grpc {
class Status;
}

namespace tidegate::smq::seaweedmq {

struct volume_server {
  std::string http;  // "host:port", as in locations
  std::string grpc;  // "host:port"
  auto operator<=>(const volume_server&) const = default;
};

struct volume_info {
  std::uint32_t id = 0;
  unsigned copies = 1;                 // that there should be
  std::vector<volume_server> servers;  // that say they have one
};

struct volume_list {
  std::map<std::uint32_t, volume_info> volumes;  // of the collection
  std::set<std::uint32_t> ec_volumes;            // of it, but erasure coded: no one server lists their needles
  std::set<std::uint32_t> all;                   // of every collection
};

/// The volumes that some server says it has, by the masters' leader. Blocks. Errors: as find_leader; unknown.
result<volume_list> list_volumes(const options& wanted, time_point deadline);

/// What we ask the volume servers of a cluster over gRPC; a channel for each. One that did not answer once is not asked
/// again. Thread: one at a time. Calls block.
class volume_servers {
 public:
  explicit volume_servers(tls_files tls);
  ~volume_servers();
  volume_servers(const volume_servers&) = delete;
  volume_servers& operator=(const volume_servers&) = delete;

  /// Of all needles that are there. Errors: unknown; refused (an index file that cannot be right).
  result<std::vector<std::uint64_t>> keys(const volume_server& on, std::uint32_t volume, time_point deadline);

  /// All of a copy but its mark.
  needle_copy look(const volume_server& on, const needle& at, time_point deadline);

  /// Deletes the server's own copy, if its cookie is the one of `file_id`; absent is fine. Needs no token.
  /// Errors: unknown.
  outcome erase(const volume_server& on, const std::string& file_id, time_point deadline);

 private:
  struct connection;
  result<connection*> to(const volume_server& server);
  outcome failed(const volume_server& server, const grpc::Status& answer);

  tls_files tls_;
  std::map<std::string, std::unique_ptr<connection>> connections_;
};

}  // namespace tidegate::smq::seaweedmq
