#pragma once

#include "actors/metrics/counters.hpp"
#include "messages/common/error_code.hpp"
#include "messages/common/reply.hpp"

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace tidegate::actors {

/// A request that an offset actor cannot answer yet.
struct parked_request {
  std::function<void()> run;
  std::function<void()> refuse;
};

template <class T>
void answer_not_loaded(const reply<T>& answer) {
  T result;
  result.error = error_code::kafka_storage_error;
  answer(std::move(result));
}
/// A fetch that only waits for more reads again by itself.
inline void answer_not_loaded(const reply<bool>&) {}

/// `part` lives as long as the actor.
template <class Message, class Part>
parked_request for_later(const Message& m, Part& part, void (Part::*f)(const Message&)) {
  return {[&part, m, f] { (part.*f)(m); }, [m] { answer_not_loaded(m.answer); }};
}

/// Requests that wait for the same thing, in order. Beyond the limit one is dropped, and its reply answers by itself.
class parked_requests {
 public:
  explicit parked_requests(std::size_t limit) : limit_(limit) {}

  void add(parked_request request) {
    if (requests_.size() >= limit_) return counted.unparked_partition_requests.add();
    add_anyway(std::move(request));
  }
  /// What was within another limit.
  void add_anyway(parked_request request) { requests_.push_back(std::move(request)); }

  [[nodiscard]] bool is_empty() const { return requests_.empty(); }
  std::vector<parked_request> take() { return std::exchange(requests_, {}); }

  /// Those that wait now; what they park here again waits for the next time.
  void run_all() {
    for (auto& request : take()) request.run();
  }
  void refuse_all() {
    for (auto& request : take()) request.refuse();
  }

 private:
  const std::size_t limit_;
  std::vector<parked_request> requests_;
};

}  // namespace tidegate::actors
