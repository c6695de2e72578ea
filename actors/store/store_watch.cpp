#include "actors/store/store_watch.hpp"

#include "actors/log.hpp"

#include <utility>

namespace tidegate::actors {

void store_watch::start() {
  if (!ask_) return;
  after_(every_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

/// One question at a time; without an answer (who is asked is away) the last one stands.
void store_watch::look() {
  ask_([weak = weak_from_this()](std::optional<std::string> problem) {
    const auto self = weak.lock();
    if (!self) return;
    if (problem) self->note(std::move(*problem));
    self->start();
  });
}

void store_watch::note(std::string problem) {
  {
    const std::lock_guard lock{mutex_};
    if (problem_ == problem) return;
    problem_ = problem;
  }
  if (problem.empty()) return log_event(log_level::info, "the store keeps everything again");
  log_event(log_level::error, "the store will not keep what it is given", {{"reason", problem}});
}

}  // namespace tidegate::actors
