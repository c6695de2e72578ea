#pragma once

#include "smq/fencing/node_start.hpp"
#include "smq/fencing/shard.hpp"
#include "smq/session.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tidegate::smq {

/// The sessions of this node: an owner writes under the fence that it hashes to (xxh3-64). A session that is destroyed
/// is closed: what it had not sent is answered not_written.
class session_store : public session_factory {
 public:
  /// `identity`: what start_node answered. `entries` must outlive every transaction in flight.
  /// `options.on_fenced` is called once for the node, when the first of its fences turns out to be taken.
  session_store(entry_port& entries, const node_identity& identity, const shard_options& options);
  ~session_store() override;

  void open(const std::string& owner, completion<std::shared_ptr<session>> done) override;

  /// No more writes; what is not sent is answered not_written. The destructor does it too.
  void stop();

  [[nodiscard]] bool is_fenced() const;

  /// For how long the store has owed the outcome of some write; zero: it owes none.
  [[nodiscard]] std::chrono::milliseconds undecided_for() const;

  /// For how long the store has answered nothing for some fence, though it is looked at; zero where nobody looks.
  [[nodiscard]] std::chrono::milliseconds unanswered_for() const;

 private:
  struct shard_set;
  std::shared_ptr<shard_set> set_;
};

}  // namespace tidegate::smq
