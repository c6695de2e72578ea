#pragma once

#include "actors/topic_directory.hpp"
#include "messages/actor/partition.hpp"
#include "messages/actor/resume.hpp"

#include <caf/actor_addr.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace tidegate::msg {

/// The topic is being deleted: its offset actors close their sessions and end. `held` dies when none is left and
/// nothing of them is on its way to the store, also when an actor crashes meanwhile: its deleter is the answer.
struct forget_topic {
  uuid topic_id;
  std::int32_t partitions = 0;
  std::shared_ptr<void> held;
};

/// The node stops: whoever gets this finishes what is on its way, writes what the next start is glad to find, and ends.
/// `held` dies when that is done.
struct close_cleanly {
  std::shared_ptr<void> held;
};

/// From an offset actor without work to its registry: may I end? `seen`: how many requests I have got.
struct retire_partition {
  uuid topic_id;
  std::int32_t partition = 0;
  caf::actor_addr who;
  std::uint64_t seen = 0;
  reply<bool> answer;
};

/// A `held` that calls `done` once, on any thread.
inline std::shared_ptr<void> when_let_go(std::function<void()> done) {
  return {static_cast<void*>(nullptr), [done = std::move(done)](void*) { done(); }};
}

}  // namespace tidegate::msg

namespace tidegate::actors {

/// OFFSET ACTOR: one per partition in use. Owns next offset, high watermark, tail, producer state and the append queue.
using partition_actor =
  caf::typed_actor<caf::reacts_to<msg::append>, caf::reacts_to<msg::fetch_read>,
                   caf::reacts_to<msg::fetch_wait>, caf::reacts_to<msg::list_offsets>,
                   caf::reacts_to<msg::offset_for_leader_epoch>, caf::reacts_to<msg::forget_topic>,
                   caf::reacts_to<msg::close_cleanly>, caf::reacts_to<msg::resume>>;

/// PARTITION REGISTRY: passes every request on to the partition's offset actor, starting it when needed.
using partition_registry_actor = partition_actor::extend<caf::reacts_to<msg::retire_partition>>;

}  // namespace tidegate::actors
