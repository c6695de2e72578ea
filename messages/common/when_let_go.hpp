#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace tidegate {

/// Something to be held: `done` is called once, on any thread, when nobody holds it any longer, also when who held it
/// crashed.
inline std::shared_ptr<void> when_let_go(std::function<void()> done) {
  return {static_cast<void*>(nullptr), [done = std::move(done)](void*) { done(); }};
}

}  // namespace tidegate
