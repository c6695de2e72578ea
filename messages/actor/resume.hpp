#pragma once

#include <functional>
#include <memory>

namespace tidegate::msg {

/// INTERNAL: continues, inside the actor, what waited for a store call or for other actors. Completions run on foreign
/// threads and may only send this.
struct resume {
  std::shared_ptr<std::function<void()>> run;
};

inline resume make_resume(std::function<void()> f) {
  return {std::make_shared<std::function<void()>>(std::move(f))};
}

}  // namespace tidegate::msg
