#include "actors/registries.hpp"

#include "actors/group/group_registry_state.hpp"
#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/partition/partition_registry_state.hpp"

#include <caf/all.hpp>

namespace tidegate::actors {

namespace {

/// A crashed actor's last write may still be on its way: opening its session waits until that is decided.
void settle_partitions(const store_access& store, const topic_ptr& topic, const std::shared_ptr<void>& held) {
  for (std::int32_t p = 0; p < topic->partitions; ++p)
    store.sessions.open(session_owner(topic->id, p), [held](const std::shared_ptr<smq::session>&) {});
}

/// Spawns a registry and publishes it.
template <class Handle, class Spawn>
std::function<caf::actor()> start_and_publish(published<Handle>& where, std::shared_ptr<registry_directory> owner,
                                              Spawn spawn) {
  return [&where, owner = std::move(owner), spawn = std::move(spawn)] {
    auto registry = spawn();
    where.publish(registry);
    return caf::actor_cast<caf::actor>(registry);
  };
}

}  // namespace

topic_forgotten forget_everywhere(std::shared_ptr<const store_access> store,
                                  std::shared_ptr<registry_directory> directory,
                                  std::shared_ptr<smq_group_store> groups) {
  return [store, directory, groups](const topic_ptr& topic, std::function<void()> done) {
    auto settle = [store, groups, topic, decided = when_let_go(std::move(done))] {
      settle_partitions(*store, topic, decided);
      groups->hold_until_decided(decided);
    };
    const msg::forget_topic m{topic->id, when_let_go(std::move(settle))};
    directory->partitions.send(m);
    directory->groups.send(m);
  };
}

topic_told tell_partitions(std::shared_ptr<registry_directory> directory) {
  return [directory](const topic_ptr& topic) { directory->partitions.send(msg::topic_changed{topic}); };
}

native_translation translate_in(std::shared_ptr<registry_directory> directory) {
  return [directory](const msg::find_by_ts& m) { directory->partitions.send(m); };
}

supervisor_actor start_registries(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                  std::shared_ptr<registry_directory> directory, registry_settings settings,
                                  escalation escalate) {
  auto& d = *directory;
  auto groups = std::make_shared<smq_group_store>(store, translate_in(directory));
  settings.groups.store = groups;
  auto topics = [&system, store, defaults = settings.topics, forget = forget_everywhere(store, directory, groups),
                 tell = tell_partitions(directory)] {
    return spawn_topic_registry(system, store, defaults, forget, tell);
  };
  auto partitions = [&system, store, of_one = settings.partitions] {
    return spawn_partition_registry(system, store, of_one);
  };
  auto coordinators = [&system, store, pattern = settings.groups, most = settings.most_groups] {
    return spawn_group_registry(system, store, pattern, most);
  };
  auto retention = [&system, store, directory, how = settings.retention] {
    return caf::actor_cast<caf::actor>(spawn_retention_sweeper(system, store, directory, how));
  };
  std::vector<child_spec> children{
    {"topic registry", start_and_publish(d.topics, directory, topics)},
    {"partition registry", start_and_publish(d.partitions, directory, partitions)},
    {"group registry", start_and_publish(d.groups, directory, coordinators)},
    {"retention sweeper", retention},
  };
  for (auto& child : children) child.restarts = settings.restarts;
  return spawn_supervisor(system, std::move(children), std::move(escalate));
}

}  // namespace tidegate::actors
