#pragma once

#include "smq/fencing/formats.hpp"
#include "smq/ports.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace tidegate::smq {

struct producer_id_options {
  std::int64_t block_size = 1000;
  int max_attempts = 5;  // of taking one block
  std::chrono::milliseconds port_timeout{5000};
  uuid_source random = system_uuid_source();
  std::function<time_point()> now = [] { return std::chrono::steady_clock::now(); };
};

/// Producer ids for InitProducerId: unique in the cluster for ever, not dense. They come in blocks that a node takes by
/// compare-and-set; what a node did not use before it stopped is lost. Thread-safe.
class producer_ids {
 public:
  /// `entries` outlives every call that is not answered yet.
  explicit producer_ids(entry_port& entries, producer_id_options options = {});

  /// The next id, from 0. Errors: unknown (the store did not answer, or others were always faster), refused (the store
  /// said no, or its entry is damaged). Answers on any thread, possibly before it returns.
  void next(completion<result<std::int64_t>> done);

 private:
  struct allocator;
  std::shared_ptr<allocator> allocator_;
};

}  // namespace tidegate::smq
