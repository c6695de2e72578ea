#include "tests/fuzz/target.hpp"

// libFuzzer's way in, and the count of the heap.

#include <atomic>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TIDEGATE_FUZZ_HOOKS
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TIDEGATE_FUZZ_HOOKS
#endif

namespace {

std::atomic<std::uint64_t> allocated{0};

}  // namespace

std::uint64_t tidegate::fuzz::allocated_bytes() { return allocated.load(std::memory_order_relaxed); }

#ifdef TIDEGATE_FUZZ_HOOKS
// Of <sanitizer/allocator_interface.h>, which GCC does not have, though its library does.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));

namespace {

void count(const volatile void*, std::size_t size) { allocated.fetch_add(size, std::memory_order_relaxed); }
void ignore(const volatile void*) {}

[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(count, ignore);

}  // namespace
#else
#include <new>

// Without a sanitizer's hooks; new[] and the others end up here.
void* operator new(std::size_t size) {
  allocated.fetch_add(size, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::fuzz::run(std::as_bytes(std::span{data, size}));
  return 0;
}
