#pragma once

#include "smq/topics/topic_info.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::actors {

using topic_ptr = std::shared_ptr<const smq::topic_info>;

/// The live topics that this node has looked up so far; immutable.
struct topic_snapshot {
  std::map<std::string, topic_ptr, std::less<>> by_name;
  std::map<uuid, topic_ptr> by_id;
  bool complete = false;  // every live topic is in it, or in `unreadable`
  std::set<std::string, std::less<>> in_doubt;  // names of topics with a change, or a creation, that may be stored or not
  std::map<uuid, topic_ptr> deleting;  // their deletion began: the name is taken until it is done
  std::set<std::string, std::less<>> unreadable;  // names of topics that may be live: their entries could not be read

  /// What a miss means: true for a proven "unknown".
  [[nodiscard]] bool proves_absent(std::string_view name) const {
    return complete && !unreadable.contains(name) && !in_doubt.contains(name);
  }
  [[nodiscard]] bool proves_ids_absent() const { return complete && unreadable.empty(); }

  [[nodiscard]] topic_ptr find(std::string_view name) const {
    auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  }

  [[nodiscard]] topic_ptr find(const uuid& id) const {
    auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
  }
};

inline std::vector<topic_ptr> topics_of(const topic_snapshot& known) {
  std::vector<topic_ptr> all;
  for (const auto& [name, topic] : known.by_name) all.push_back(topic);
  return all;
}

inline std::int64_t partitions_of(const topic_snapshot& known) {
  std::int64_t all = 0;
  for (const auto& [name, topic] : known.by_name) all += topic->partitions;
  return all;
}

using topic_snapshot_ptr = std::shared_ptr<const topic_snapshot>;

/// Published by the topic registry, read by everybody. Thread: any.
class topic_directory {
 public:
  [[nodiscard]] topic_snapshot_ptr current() const { return current_.load(); }
  void publish(topic_snapshot_ptr next) { current_.store(std::move(next)); }

 private:
  std::atomic<topic_snapshot_ptr> current_{std::make_shared<const topic_snapshot>()};
};

}  // namespace tidegate::actors
