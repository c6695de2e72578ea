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
  /// Microseconds since 1970: a node hands out fewer ids than these.
  std::function<std::int64_t()> wall_us = [] {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  };
};

/// Producer ids for InitProducerId: unique in the cluster for ever, not dense. They come in blocks that a node takes by
/// compare-and-set; what a node did not use before it stopped is lost. A block begins at the clock's microseconds, or
/// behind the last one where that is above: a store that was put back to an older state does not know of all that were
/// taken, and a second producer of one id would have its records taken for those of the first, and dropped. Thread-safe.
class producer_ids {
 public:
  /// `entries` outlives every call that is not answered yet.
  explicit producer_ids(entry_port& entries, producer_id_options options = {});

  /// The next id. Errors: unknown (the store did not answer, or others were always faster), refused (the store
  /// said no, or its entry is damaged). Answers on any thread, possibly before it returns.
  void next(completion<result<std::int64_t>> done);

 private:
  struct allocator;
  std::shared_ptr<allocator> allocator_;
};

}  // namespace tidegate::smq
