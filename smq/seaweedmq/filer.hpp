#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::smq::seaweedmq {

/// A volume server, "host:port" of its HTTP side.
struct volume_location {
  std::string url;
  std::string public_url;
  friend bool operator==(const volume_location&, const volume_location&) = default;
};

struct id_request {
  std::int32_t count = 1;             // ids in one volume
  std::string collection;             // empty: the filer's default, as below
  std::string replication;            // e.g. "001"
  std::string data_center;            // preferred
  std::uint64_t bytes_each = 0;       // expected, of each chunk; 0: the master takes 1 MiB
};

/// `count` chunk ids: the first one as it is, each next one with a key that is one greater and the same cookie.
struct assigned_ids {
  std::string first;  // "volume,hex(key)cookie"
  std::int32_t count = 0;
  volume_location location;  // where to write them
  std::string auth;          // JWT for the writes, if the cluster wants one
  bool sync = false;         // the filer's rule for the path asks for ?fsync=true
};

/// By volume id, in decimal. A volume without locations is missing or has an empty list.
using volume_locations = std::map<std::string, std::vector<volume_location>>;

struct filer_rpc;

/// One filer process of a cluster, over one gRPC channel. Thread-safe; completions run on gRPC's threads.
/// Conditions of transactions are exact within one filer process: every node of a cluster must use the same one.
class filer {
 public:
  /// `address`: see options. Does not connect yet. Errors: refused (no such address, TLS files).
  static result<std::shared_ptr<filer>> at(const std::string& address, const tls_files& tls);

  /// Cancels what is open and waits for its completions. Must not run inside a completion.
  ~filer();
  filer(const filer&) = delete;
  filer& operator=(const filer&) = delete;

  /// New chunk ids. Ids that were never written are given out again after a crash of the master.
  /// Errors: unknown (also: no writable volume).
  void assign(const id_request& wanted, time_point deadline, completion<result<assigned_ids>> done);

  /// Where volumes are. Errors: unknown; a volume that the master does not know (now) is never "absent".
  void locate(const std::vector<std::string>& volume_ids, time_point deadline,
              completion<result<volume_locations>> done);

  /// For the .cpp files of this folder.
  [[nodiscard]] const std::shared_ptr<filer_rpc>& rpc() const { return rpc_; }

 private:
  explicit filer(std::shared_ptr<filer_rpc> rpc) : rpc_(std::move(rpc)) {}
  std::shared_ptr<filer_rpc> rpc_;
};

}  // namespace tidegate::smq::seaweedmq
