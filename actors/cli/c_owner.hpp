#pragma once

#include <memory>

namespace tidegate::cli {

/// Owns an object of librdkafka's C interface: `c_owner<rd_kafka_queue_t, rd_kafka_queue_destroy>`.
template <class T, void (*destroy)(T*)>
struct c_deleter {
  void operator()(T* one) const { destroy(one); }
};
template <class T, void (*destroy)(T*)>
using c_owner = std::unique_ptr<T, c_deleter<T, destroy>>;

}  // namespace tidegate::cli
