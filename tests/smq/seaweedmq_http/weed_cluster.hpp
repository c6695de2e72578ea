#pragma once

#include "smq/seaweedmq/http/chunk_store.hpp"
#include "tests/smq/test_engine.hpp"

#include <sys/types.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace tidegate::smq::testing {

/// A real SeaweedFS of one's own: a master and some volume servers on free ports of 127.0.0.1, data in a scratch
/// directory, killed at the end or with the test's process. The binary: TIDEGATE_WEED, else build/venv/bin/weed.
class weed_cluster {
 public:
  /// Starts and waits until the master gives out ids of `replication`. The test fails without the binary.
  /// `security`: the content of its security.toml.
  weed_cluster(std::size_t volume_servers, std::string replication, const std::string& security = "");
  ~weed_cluster();
  weed_cluster(const weed_cluster&) = delete;
  weed_cluster& operator=(const weed_cluster&) = delete;

  /// kill -9. Server 0 is the master, 1… are volume servers.
  void kill(std::size_t server);
  /// Again with the same port and data; does not wait.
  void start(std::size_t server);
  void wait_until_it_serves() const;

  [[nodiscard]] std::string address(std::size_t server) const;
  [[nodiscard]] std::size_t volume_servers() const { return ports_.size() / 2 - 1; }
  [[nodiscard]] const std::string& replication() const { return replication_; }

 private:
  scratch_directory home_;
  std::string replication_;
  std::vector<int> ports_;  // of each server: HTTP, gRPC
  std::vector<pid_t> processes_;
};

/// The head and body of the answer to a GET; "" when there is none. Blocks.
std::string http_get(const std::string& address, const std::string& target);

/// A master's HTTP interface as a directory. Answers before it returns.
class master_directory final : public seaweedmq::volume_directory {
 public:
  explicit master_directory(const weed_cluster& of) : cluster_(of) {}

  void assign(std::uint32_t count, std::uint64_t bytes_each, time_point,
              completion<result<seaweedmq::id_batch>> done) override;
  void locate(std::uint32_t volume, time_point, completion<result<std::vector<std::string>>> done) override;

  /// The next `assign` answers this.
  void give_next(seaweedmq::id_batch batch);
  [[nodiscard]] seaweedmq::id_batch last() const;

 private:
  const weed_cluster& cluster_;
  mutable std::mutex mutex_;
  std::vector<seaweedmq::id_batch> next_;
  seaweedmq::id_batch last_;
};

}  // namespace tidegate::smq::testing
