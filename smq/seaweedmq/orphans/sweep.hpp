#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/options.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// Finds uploads of ours that no entry of the filer names: what a gateway left that was killed in between.
namespace tidegate::smq::seaweedmq {

struct sweep_options {
  options cluster;
  /// Longer than any gateway was ever without its filer: so long an upload may wait for its entry.
  std::chrono::seconds older_than{24 * 3600};
  bool deletes = false;
};

struct orphan {
  std::string file_id;
  std::uint64_t bytes = 0;        // as stored
  std::uint64_t uploaded = 0;     // seconds since 1970, by the volume server's clock
  std::vector<std::string> servers;
  bool is_deleted = false;
};

struct sweep_report {
  std::size_t volumes = 0;  // of the collection
  std::size_t needles = 0;  // in them
  std::size_t entries = 0;  // of the filer, all of which were read
  std::size_t young = 0;    // nobody names them yet
  std::size_t foreign = 0;  // nobody names them, and they are not ours
  std::vector<orphan> orphans;
  std::vector<std::string> doubts;  // why something is not looked at, or is kept; about a thousand at most
};

/// Lists the needles first and the names after that, so that whatever is named meanwhile has a name when it is looked
/// for. Any doubt keeps what it concerns: all of it when the filer's entries cannot all be read, else a volume or a
/// needle. Works while gateways run. Blocks, as long as it takes; each answer has a minute at most.
/// `progress`: what is being done.
sweep_report sweep_orphans(const sweep_options& wanted, const std::function<void(const std::string&)>& progress);

}  // namespace tidegate::smq::seaweedmq
