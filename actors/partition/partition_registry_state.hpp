#pragma once

#include "actors/interfaces/partition_registry.hpp"
#include "actors/partition/partition_settings.hpp"
#include "actors/runtime/children.hpp"
#include "actors/store/store_access.hpp"

#include <memory>
#include <utility>

namespace tidegate::actors {

class partition_registry_state {
 public:
  static inline const char* name = "partition-registry";
  using key = std::pair<uuid, std::int32_t>;

  partition_registry_state(partition_registry_actor::pointer self, std::shared_ptr<const store_access> store,
                           partition_settings settings);
  partition_registry_state(const partition_registry_state&) = delete;
  partition_registry_state& operator=(const partition_registry_state&) = delete;
  ~partition_registry_state();

  partition_registry_actor::behavior_type make_behavior();

 private:
  template <class Message>
  void pass_on(const Message& m);
  void change(const msg::topic_changed& m);
  void forget(const msg::forget_topic& m);
  void release(const msg::release_partitions& m);
  void close_all(const msg::close_cleanly& m);

  partition_registry_actor::pointer self_;
  std::shared_ptr<const store_access> store_;
  partition_settings settings_;
  children<key, partition_actor> children_;
  bool closing_ = false;  // requests are not passed on any more: their replies answer by themselves
};

partition_registry_actor spawn_partition_registry(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                                  const partition_settings& settings);

}  // namespace tidegate::actors
