#pragma once

#include "messages/common/uuid.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

/// Some bytes of request name a partition again. What is done for it is done once, or costs many times those bytes.
namespace tidegate::actors::handlers {

struct named_partition {
  uuid topic_id;
  std::int32_t partition = 0;
  friend auto operator<=>(const named_partition&, const named_partition&) = default;
};

/// True for what clients send: no topic is named twice, and the partitions of each ascend. Only the topics are sorted.
inline bool names_each_once(const std::vector<named_partition>& named) {
  std::vector<uuid> topics;
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (i == 0 || named[i].topic_id != named[i - 1].topic_id)
      topics.push_back(named[i].topic_id);
    else if (named[i].partition <= named[i - 1].partition)
      return false;
  }
  std::ranges::sort(topics);
  return std::ranges::adjacent_find(topics) == topics.end();
}

/// The place of each in a list that has every partition once, in the order in which they are first named.
inline std::vector<std::size_t> places_of(const std::vector<named_partition>& named) {
  std::vector<std::size_t> places(named.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  if (names_each_once(named)) return places;
  auto order = places;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return named[i]; });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (named[order[i]] == named[order[i - 1]]) places[order[i]] = places[order[i - 1]];  // where it is first named
  std::size_t count = 0;
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = places[i] == i ? count++ : places[places[i]];
  return places;
}

/// How many partitions that list has.
inline std::size_t count_of(const std::vector<std::size_t>& places) {
  return places.empty() ? 0 : std::ranges::max(places) + 1;
}

}  // namespace tidegate::actors::handlers
