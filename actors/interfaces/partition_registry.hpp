#pragma once

#include "actors/interfaces/topic_directory.hpp"
#include "messages/actor/forget_topic.hpp"
#include "messages/actor/partition.hpp"
#include "messages/actor/release.hpp"
#include "messages/actor/resume.hpp"

#include <caf/actor_addr.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>

namespace tidegate::msg {

/// The node stops: whoever gets this finishes what is on its way, writes what the next start is glad to find, and ends.
/// `held` dies when that is done.
struct close_cleanly {
  std::shared_ptr<void> held;
};

/// The topic has other configs or more partitions from now on. No request: nobody is started or kept for it.
struct topic_changed {
  actors::topic_ptr topic;
};

/// From an offset actor without work to its registry: may I end? `seen`: how many requests I have got.
struct retire_partition {
  uuid topic_id;
  std::int32_t partition = 0;
  caf::actor_addr who;
  std::uint64_t seen = 0;
  reply<bool> answer;
};

}  // namespace tidegate::msg

namespace tidegate::actors {

/// OFFSET ACTOR: one per partition in use. Owns next offset, high watermark, tail, producer state and the append queue.
using partition_actor =
  caf::typed_actor<caf::reacts_to<msg::append>, caf::reacts_to<msg::fetch_read>,
                   caf::reacts_to<msg::fetch_wait>, caf::reacts_to<msg::list_offsets>,
                   caf::reacts_to<msg::offset_for_leader_epoch>, caf::reacts_to<msg::find_by_ts>,
                   caf::reacts_to<msg::trim>, caf::reacts_to<msg::topic_changed>, caf::reacts_to<msg::forget_topic>,
                   caf::reacts_to<msg::close_cleanly>, caf::reacts_to<msg::resume>>;

/// PARTITION REGISTRY: passes every request on to the partition's offset actor, starting it when needed.
using partition_registry_actor =
  partition_actor::extend<caf::reacts_to<msg::retire_partition>, caf::reacts_to<msg::release_partitions>>;

}  // namespace tidegate::actors
