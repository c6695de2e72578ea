#pragma once

#include "actors/group/coordinator.hpp"
#include "actors/group/native_groups.hpp"
#include "actors/interfaces/group_registry.hpp"
#include "actors/runtime/children.hpp"
#include "actors/store/store_access.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace tidegate::actors {

class group_registry_state {
 public:
  static inline const char* name = "group-registry";

  /// `pattern`: what every coordinator is made of; the group id is filled in. `most`: groups in memory.
  group_registry_state(group_registry_actor::pointer self, std::shared_ptr<const store_access> store,
                       coordinator_context pattern, std::size_t most);
  group_registry_state(const group_registry_state&) = delete;
  group_registry_state& operator=(const group_registry_state&) = delete;
  ~group_registry_state();

  group_registry_actor::behavior_type make_behavior();

 private:
  /// Nothing: the group must stay down, or there are as many in memory as there may be. A request that is not passed on
  /// takes its reply with it, which answers coordinator_not_available.
  std::optional<coordinator_actor> coordinator_of(const std::string& group);
  template <class Message>
  void pass_on(const Message& m);
  void list(const msg::list_groups& m);
  struct stored_groups {
    std::map<std::string, msg::group_row> rows;
    std::set<std::string> damaged;  // paths of entries: nobody knows what these groups are
  };
  void list_page(const msg::list_groups& m, std::string after, std::shared_ptr<stored_groups> so_far);
  void add_native(const msg::list_groups& m, const std::shared_ptr<stored_groups>& stored);
  void answer_list(const msg::list_groups& m, std::shared_ptr<stored_groups> stored,
                   const std::set<std::string>& native);
  [[nodiscard]] bool has_room_to_wake() const;
  void wake_unattended(const std::vector<std::string>& stable);
  void remove(const msg::delete_group& m);
  [[nodiscard]] std::function<void(std::function<void()>)> poster() const;

  group_registry_actor::pointer self_;
  std::shared_ptr<const store_access> store_;
  coordinator_context pattern_;
  const std::size_t most_;
  children<std::string, coordinator_actor> children_;
  native_groups native_;
  std::set<std::string> reported_;  // damaged entries, as they were last logged
};

group_registry_actor spawn_group_registry(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                          coordinator_context pattern, std::size_t most = 100'000);

}  // namespace tidegate::actors
