#include "messages/common/fault_point.hpp"

#ifdef TIDEGATE_FAULT_POINTS

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <string>

namespace tidegate {

namespace {

struct fault {
  std::string point;
  bool throws;  // or else kills
  unsigned pass;  // 0: every one
  std::atomic<unsigned> passes{0};
};

void add_fault(std::deque<fault>& all, std::string_view text) {
  const auto first = text.find(':');
  const auto second = text.find(':', first == text.npos ? first : first + 1);
  unsigned pass = 0;
  if (second != text.npos) std::from_chars(text.data() + second + 1, text.data() + text.size(), pass);
  const auto action = second == text.npos ? std::string_view{} : text.substr(first + 1, second - first - 1);
  const bool is_every = second != text.npos && text.substr(second + 1) == "*";
  if ((pass == 0 && !is_every) || (action != "kill" && action != "throw")) {
    std::fprintf(stderr, "tidegate: TIDEGATE_FAULT: expected point:kill|throw:n or :*, not \"%s\"\n",
                 std::string(text).c_str());
    std::_Exit(2);
  }
  all.emplace_back(std::string(text.substr(0, first)), action == "throw", pass);
}

std::deque<fault> read_faults() {
  std::deque<fault> all;
  const char* asked = std::getenv("TIDEGATE_FAULT");
  std::string_view rest = asked == nullptr ? "" : asked;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    add_fault(all, rest.substr(0, comma));
    rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return all;
}

}  // namespace

void fault_point(std::string_view name) {
  static auto faults = read_faults();
  const fault* due = nullptr;
  for (auto& f : faults)
    if (f.point == name && (f.pass == 0 || f.passes.fetch_add(1) + 1 == f.pass)) due = &f;
  if (due == nullptr) return;
  if (due->throws) throw std::runtime_error("fault point " + due->point);
  std::raise(SIGKILL);
}

}  // namespace tidegate

#endif
