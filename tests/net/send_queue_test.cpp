#define CAF_SUITE send_queue
#include "net/send_queue.hpp"

#include "tests/net/loopback.hpp"

#include "caf/test/unit_test.hpp"

#include <algorithm>
#include <numeric>

using namespace tidegate;
using namespace tidegate::net;
using namespace tidegate::net::test;

namespace {

std::size_t size_of(const buffer_window& window) {
  return std::accumulate(window.begin(), window.end(), std::size_t{0},
                         [](std::size_t sum, const auto& buffer) { return sum + buffer.size(); });
}

}  // namespace

CAF_TEST(bytes leave in order whatever the kernel takes at once) {
  for (std::size_t step = 1; step < 40; ++step) {
    send_queue queue;
    std::string expected;
    std::string sent;
    for (int i = 0; i < 200; ++i) {
      const auto part = std::string(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
      queue.push(bytes_of(part));
      expected += part;
      if (i % 3 != 0 || queue.empty()) continue;
      const auto window = queue.next();
      auto left = std::min(step, size_of(window));
      queue.sent([&] {
        const auto all = left;
        for (const auto& buffer : window) {
          const auto count = std::min(left, buffer.size());
          sent.append(static_cast<const char*>(buffer.data()), count);
          left -= count;
        }
        return all;
      }());
    }
    while (!queue.empty()) {
      const auto* first = queue.next().first;
      sent += *static_cast<const char*>(first->data());
      queue.sent(1);
    }
    CAF_CHECK_EQUAL(sent, expected);
    CAF_CHECK_EQUAL(queue.cost(), 0u);
  }
}

CAF_TEST(small parts cost more than their bytes) {
  send_queue queue;
  for (int i = 0; i < 1000; ++i) queue.push(bytes_of("x"));
  CAF_CHECK(queue.cost() > 100'000u);
  CAF_CHECK(size_of(queue.next()) <= 64u);
  queue.sent(64);
  CAF_CHECK_EQUAL(size_of(queue.next()), 64u);
  queue.clear();
  CAF_CHECK(queue.empty());
  CAF_CHECK_EQUAL(queue.cost(), 0u);
}
