#pragma once

#include "messages/common/bytes.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

/// What every target in this folder is made of. A target is one `run`, linked either with libFuzzer (preset `fuzz`) or
/// with replay.cpp, which feeds it the kept corpus in the ordinary test run.
namespace tidegate::fuzz {

/// Tries one input. Whatever must not happen ends the process.
void run(byte_view input);

/// Ends the process with `what` unless `holds`: libFuzzer keeps the input then.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken: %s\n", what);
  std::abort();
}

/// Bytes that this process has asked the heap for since it began, whether freed again or not. Not counted by g++
/// without a sanitizer: what C libraries take.
std::uint64_t allocated_bytes();

/// Calls `decode`, which may take at most `budget` of heap when its input has less than 1 KiB.
template <class Decode>
auto within_budget(std::size_t input_bytes, Decode decode, std::uint64_t budget = 1 << 20) {
  const auto before = allocated_bytes();
  auto result = decode();
  if (input_bytes < 1024) require(allocated_bytes() - before <= budget, "under 1 KiB took too much heap");
  return result;
}

/// Takes small numbers off the front of an input; zeros when it is used up.
class dice {
 public:
  explicit dice(byte_view input) : left_(input) {}

  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(left_.front());
    left_ = left_.subspan(1);
    return value;
  }

  std::size_t number() {
    const std::size_t high = byte();
    return high << 8U | byte();
  }

  [[nodiscard]] byte_view rest() const { return left_; }

 private:
  byte_view left_;
};

}  // namespace tidegate::fuzz
