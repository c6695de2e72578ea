#pragma once

#include "smq/fencing/shard.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tidegate::actors {

/// Asks the engine every ten seconds whether its store keeps what it is given (store_engine::ask_about_rules), and logs
/// when the answer changes: who runs the store may set rules at any time. Thread: any.
class store_watch : public std::enable_shared_from_this<store_watch> {
 public:
  /// `ask`: store_engine::ask_about_rules. `after` must run nothing any more once the engine goes.
  store_watch(std::function<void(std::function<void(std::optional<std::string>)>)> ask, smq::run_after after,
              std::chrono::milliseconds every = std::chrono::seconds{10})
    : ask_(std::move(ask)), after_(std::move(after)), every_(every) {}

  void start();

  /// "": it keeps everything, as far as is known.
  [[nodiscard]] std::string problem() const {
    const std::lock_guard lock{mutex_};
    return problem_;
  }

 private:
  void look();
  void note(std::string problem);

  const std::function<void(std::function<void(std::optional<std::string>)>)> ask_;
  smq::run_after after_;
  std::chrono::milliseconds every_;
  mutable std::mutex mutex_;  // guards what follows
  std::string problem_;
};

}  // namespace tidegate::actors
