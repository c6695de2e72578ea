#pragma once

#include "smq/ports.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::smq::seaweedmq {

/// One answer of AssignVolume: `count` file ids of one volume, with keys in a row and one cookie.
struct id_batch {
  std::string first;        // "volume,KEYCOOKIE"
  std::uint32_t count = 0;  // 1 – what was asked for
  std::string server;       // host:port of the volume server that takes the uploads
  std::string token;        // AssignVolumeResponse.auth; "" in a cluster without JWT
};

/// What the chunk store must ask others: masters, or a filer on their behalf.
/// Every call completes exactly once, on any thread, possibly before it returns. Thread: the chunk store's own.
class volume_directory {
 public:
  virtual ~volume_directory() = default;

  /// `bytes_each`: what a chunk will have, about; masters set so much room aside for each id.
  /// Errors: refused (no volume takes writes), unknown.
  virtual void assign(std::uint32_t count, std::uint64_t bytes_each, time_point deadline,
                      completion<result<id_batch>> done) = 0;

  /// host:port of every server that has `volume`. A list that is empty proves nothing: a server may be away.
  virtual void locate(std::uint32_t volume, time_point deadline, completion<result<std::vector<std::string>>> done) = 0;
};

}  // namespace tidegate::smq::seaweedmq
