#pragma once

#include "actors/interfaces/topic_directory.hpp"
#include "actors/store/first_batches.hpp"
#include "actors/store/leader_epochs.hpp"
#include "actors/store/node_clock.hpp"
#include "messages/common/uuid.hpp"
#include "smq/ports.hpp"
#include "smq/positions/timestamp_hints.hpp"
#include "smq/segments/index_cache.hpp"
#include "smq/session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace tidegate::actors {

/// What the actors that own state need of the node below them. Lives longer than every actor. Thread: any.
struct store_access {
  smq::engine engine;
  smq::session_factory& sessions;
  topic_directory& topics;
  smq::timestamp_hints& hints;
  smq::index_cache& index;
  /// For a chunk that this node put, when it is proven that no entry names it or ever will. Best effort; what nobody
  /// releases costs its bytes, nothing else.
  std::function<void(const smq::chunk_id&)> release;
  std::function<uuid()> random_uuid;
  uuid incarnation;
  std::int32_t leader_epoch = 0;  // version of the view that made this node leader (design §6.5)
  std::chrono::milliseconds call_timeout{10'000};
  bool has_native_subscribers = true;  // who may store positions of groups that have no entry (design §7.3)
  std::shared_ptr<leader_epochs> other_epochs = std::make_shared<leader_epochs>();

  std::shared_ptr<first_batches> given_up = std::make_shared<first_batches>();
  std::shared_ptr<node_clock> clock = std::make_shared<node_clock>();

  [[nodiscard]] std::int32_t leader_epoch_of(const uuid& topic_id, std::int32_t partition) const {
    return other_epochs->of(topic_id, partition, leader_epoch);
  }
  [[nodiscard]] smq::time_point deadline() const { return std::chrono::steady_clock::now() + call_timeout; }
};

}  // namespace tidegate::actors
