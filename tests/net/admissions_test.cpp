#define CAF_SUITE admissions
#include "net/admissions.hpp"

#include "caf/test/unit_test.hpp"

#include <string_view>
#include <vector>

using namespace tidegate::net;
using namespace std::chrono_literals;

namespace {

struct fixture {
  std::shared_ptr<admissions_by_address> admissions;
  admissions_by_address::time_point now{};
  const char* why = "";

  explicit fixture(admission_limits limits) : admissions(std::make_shared<admissions_by_address>(limits)) {}

  std::shared_ptr<void> admit(const std::string& address) { return admissions->admit(address, now, why); }
};

}  // namespace

CAF_TEST(no more connections than all may have and a closed one makes room) {
  fixture f({2, 2, 100});
  auto first = f.admit("a");
  const auto second = f.admit("b");
  CAF_CHECK(first && second);
  CAF_CHECK(!f.admit("c"));
  CAF_CHECK(std::string_view(f.why) == "kafka.max.connections");
  first.reset();
  CAF_CHECK_EQUAL(f.admissions->connections(), 1u);
  CAF_CHECK(f.admit("c"));
}

CAF_TEST(other limits count from the next connection on) {
  fixture f({1, 2, 100});
  const auto first = f.admit("a");
  CAF_CHECK(!f.admit("a"));
  f.admissions->follow({2, 2, 100});
  const auto second = f.admit("a");
  CAF_CHECK(second != nullptr);
  f.admissions->follow({100, 1, 100});
  CAF_CHECK(!f.admit("a"));
  CAF_CHECK(std::string_view(f.why) == "kafka.max.connections.per.ip");
  CAF_CHECK_EQUAL(f.admissions->connections(), 2u);  // who is there stays
  f.admissions->follow({100, 100, 1});
  for (int i = 0; i < 10; ++i) CAF_CHECK(f.admit("a"));
  CAF_CHECK(!f.admit("a"));
}

CAF_TEST(no more connections of one address and the others do not notice) {
  fixture f({100, 2, 100});
  auto first = f.admit("a");
  const auto second = f.admit("a");
  CAF_CHECK(!f.admit("a"));
  CAF_CHECK(std::string_view(f.why) == "kafka.max.connections.per.ip");
  CAF_CHECK(f.admit("b"));
  first.reset();
  CAF_CHECK(f.admit("a"));
}

CAF_TEST(an address that connects too often waits and the others do not notice) {
  fixture f({1000, 1000, 2});
  for (int i = 0; i < 20; ++i) CAF_CHECK(f.admit("a"));
  CAF_CHECK(!f.admit("a"));
  CAF_CHECK(std::string_view(f.why) == "limits.connections_per_second");
  CAF_CHECK(f.admit("b"));
  f.now += 1s;
  CAF_CHECK(f.admit("a"));
  CAF_CHECK(f.admit("a"));
  CAF_CHECK(!f.admit("a"));
  f.now += 1h;
  for (int i = 0; i < 20; ++i) CAF_CHECK(f.admit("a"));
  CAF_CHECK(!f.admit("a"));
}

CAF_TEST(quiet addresses are forgotten and busy ones are not) {
  fixture f({1'000'000, 1000, 1});
  const auto stays = f.admit("stays");
  for (int i = 0; i < 10; ++i) f.admit("busy");
  for (int i = 0; i < 100'000; ++i) {
    f.now += 1ms;
    f.admit(std::to_string(i));
  }
  f.now += 1us;
  CAF_CHECK_EQUAL(f.admissions->connections(), 1u);
  CAF_CHECK(f.admissions->rows() < 40'000u);
  for (int i = 0; i < 10; ++i) f.admit("busy");
  CAF_CHECK(!f.admit("busy"));
}
