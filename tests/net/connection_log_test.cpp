#define CAF_SUITE connection_log
#include "net/connection_log.hpp"

#include "caf/test/unit_test.hpp"

#include <string>
#include <vector>

using namespace tidegate;
using namespace std::chrono_literals;

namespace {

struct fixture {
  std::vector<std::string> seen;
  net::connection_log log{[this](const net::connection_event& e) {
                            seen.push_back(std::string(e.peer) + " " + std::to_string(e.left_out));
                          },
                          2, 1};
  std::chrono::steady_clock::time_point now{1000s};

  void close(std::string_view peer) { log.write({"connection closed", 1, peer, "why"}, now); }
};

}  // namespace

CAF_TEST(a flood leaves a burst of lines and then as many as the rate allows and says how many are missing) {
  fixture f;
  for (int i = 0; i < 50; ++i) f.close("a");
  const std::vector<std::string> burst{"a 0", "a 0"};
  CAF_CHECK_EQUAL(f.seen, burst);
  f.now += 999ms;
  f.close("b");
  CAF_CHECK_EQUAL(f.seen, burst);
  f.now += 2ms;
  f.close("c");
  f.close("d");
  const std::vector<std::string> one_more{"a 0", "a 0", "c 49"};
  CAF_CHECK_EQUAL(f.seen, one_more);
  f.now += 1h;  // what was not used is kept for one burst
  for (int i = 0; i < 3; ++i) f.close("e");
  const std::vector<std::string> again{"a 0", "a 0", "c 49", "e 1", "e 0"};
  CAF_CHECK_EQUAL(f.seen, again);
}
