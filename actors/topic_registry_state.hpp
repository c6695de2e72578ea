#pragma once

#include "actors/store_access.hpp"
#include "actors/topic_registry.hpp"
#include "smq/topics/catalog.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tidegate::actors {

struct topic_defaults {
  std::int32_t partitions = 1;
};

/// Makes every owner of the topic's partitions let go, then calls `done`. Thread: any.
using topic_forgotten = std::function<void(const topic_ptr& topic, std::function<void()> done)>;

class topic_registry_state {
 public:
  static inline const char* name = "topic-registry";

  topic_registry_state(topic_registry_actor::pointer self, std::shared_ptr<const store_access> store,
                       topic_defaults defaults, topic_forgotten forget);

  topic_registry_actor::behavior_type make_behavior();

 private:
  void find(const msg::find_topic& m);
  void find_by_id(const msg::find_topic& m);
  void create(const msg::create_topic& m);
  void after_lost_race(const msg::create_topic& m);
  void remove(const msg::delete_topic& m);
  void begin_remove(const msg::delete_topic& m, const smq::topic_info& topic);
  void release_owners(const msg::delete_topic& m, const topic_ptr& topic);
  void load_all(std::function<void(error_code)> done);
  void publish(const topic_ptr& topic);
  void unpublish(const topic_ptr& topic);
  void report(const std::string& topic, const smq::topic_answer& answer);
  void report(const std::vector<std::string>& unreadable);
  [[nodiscard]] std::function<void(std::function<void()>)> poster() const;

  topic_registry_actor::pointer self_;
  std::shared_ptr<const store_access> store_;
  smq::topic_catalog catalog_;
  topic_defaults defaults_;
  topic_forgotten forget_;
  std::map<std::string, std::string> reported_;  // topics that could not be read, and why: said once
  std::vector<std::string> reported_paths_;      // of the last list of all topics
  std::multiset<uuid> removing_;  // not to be published again by a lookup that began before
};

topic_registry_actor spawn_topic_registry(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                          topic_defaults defaults, topic_forgotten forget);

}  // namespace tidegate::actors
