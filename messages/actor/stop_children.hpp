#pragma once

#include <memory>

namespace tidegate::msg {

/// Ends the children, the one started last first; each has its grace, then it is killed. `held` dies with the last one.
struct stop_children {
  std::shared_ptr<void> held;
};

}  // namespace tidegate::msg
