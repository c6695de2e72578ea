#pragma once

#include <cstdint>
#include <optional>

namespace tidegate::core {

/// Tells a wall clock that was put forward from time that went by, with a steady clock beside it. Who deletes what is old
/// does not believe such a step until it has lasted; a clock that was put back is believed at once, as it makes nothing
/// old. All times in ms. What the wall clock says at the first look is believed: nothing is known of before.
class clock_steps {
 public:
  /// Further ahead of the steady clock than this, since the last look, is a step.
  explicit clock_steps(std::int64_t tolerance_ms) : tolerance_ms_(tolerance_ms) {}

  /// To be called when something is stored, too: a clock that goes forth and back between two looks is not noticed.
  void look(std::int64_t wall_ms, std::int64_t steady_ms) {
    const auto ahead_ms = wall_ms - steady_ms;
    if (!usual_ms_ || ahead_ms <= *usual_ms_ + tolerance_ms_) {
      usual_ms_ = ahead_ms;
      step_.reset();
      return;
    }
    if (!step_ || ahead_ms > step_->ahead_ms + tolerance_ms_) step_ = {ahead_ms, steady_ms};  // or another one
    step_->ahead_ms = ahead_ms;
  }

  /// Looks, and says what time it is: without the step, as long as it has lasted less than `patience_ms`.
  std::int64_t believed_ms(std::int64_t wall_ms, std::int64_t steady_ms, std::int64_t patience_ms) {
    look(wall_ms, steady_ms);
    if (step_ && steady_ms - step_->since_ms < patience_ms) return steady_ms + *usual_ms_;
    usual_ms_ = wall_ms - steady_ms;
    step_.reset();
    return wall_ms;
  }

 private:
  struct step {
    std::int64_t ahead_ms = 0;
    std::int64_t since_ms = 0;  // steady
  };

  std::int64_t tolerance_ms_;
  std::optional<std::int64_t> usual_ms_;  // how far the wall clock is ahead of the steady one, as it is believed
  std::optional<step> step_;
};

}  // namespace tidegate::core
