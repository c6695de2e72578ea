#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

/// The store of a real SeaweedMQ cluster (design §5.1): entries on a filer, chunks on volume servers.
namespace tidegate::smq::seaweedmq {

class engine;

struct open_result {
  std::unique_ptr<engine> store;  // null: see `error`
  std::string error;
};

/// Finds the filer, proves that it answers and keeps what we store, and asks a volume server whether we may read;
/// within `deadline`. Blocks.
/// Errors: addresses or TLS files that cannot be right, nobody who answers, several filers and none named, a storage
/// rule with a ttl (see storage_rules.hpp), a volume server that wants other read tokens, or with which HTTP or HTTPS,
/// as `wanted` says, does not come about.
open_result open(const options& wanted, time_point deadline);

/// Both ports. Thread: any; completions come on threads of gRPC and of the chunk store. The destructor answers what is
/// open.
class engine {
 public:
  struct parts;
  explicit engine(std::unique_ptr<parts> made);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  [[nodiscard]] smq::engine ports();

  /// Removes a chunk that no entry names or ever will; best effort, without an answer.
  void release(const chunk_id& id);

  /// Chunks that are put after this call carry the id of the cluster, by which a sweep knows them as ours.
  void mark_uploads(const std::string& cluster_id);

  /// Whether the filer keeps what we store (see storage_rules.hpp): "" or what is wrong; nullopt: it does not say now.
  void ask_about_rules(time_point deadline, std::function<void(std::optional<std::string>)> done);

  /// The filer that was found, "host:port".
  [[nodiscard]] const std::string& filer_address() const;

 private:
  std::unique_ptr<parts> parts_;
};

}  // namespace tidegate::smq::seaweedmq
