#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>

namespace tidegate::smq::test {

/// Runs `f` on a thread of 256 KiB and waits: calls that nest, one in the other, overflow it. False: there is none.
inline bool on_small_stack(std::function<void()> f) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, std::size_t{256} << 10);
  const auto run = [](void* what) -> void* {
    (*static_cast<std::function<void()>*>(what))();
    return nullptr;
  };
  pthread_t thread{};
  const bool runs = pthread_create(&thread, &small, run, &f) == 0;
  if (runs) pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  return runs;
}

}  // namespace tidegate::smq::test
