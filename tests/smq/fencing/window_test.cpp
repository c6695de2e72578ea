#define CAF_SUITE window
#include "smq/fencing/window.hpp"

#include "tests/smq/fencing/memory_engine.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr std::uint8_t ours = 1;
constexpr std::uint8_t other = 2;

/// A fence of `owner`; `id` stands for the transaction.
std::string content_of(std::uint8_t owner, std::uint64_t seq, std::uint8_t id, const std::string& previous = {}) {
  return encode(fence{id_of(owner), 1, seq, id_of(id), previous});
}

/// Our chain went 7, 8; this window is to make it 9, and has been given up for another 9.
write_window window_from_8_to_9() {
  write_window w;
  w.before = content_of(ours, 8, 80);
  w.after = {id_of(ours), 1, 9, id_of(90), {}};
  w.after_content = encode(w.after);
  w.burn = fence{id_of(ours), 1, 9, id_of(91), {}};
  w.burn_content = encode(*w.burn);
  return w;
}

struct row {
  const char* what;
  std::optional<std::string> observed;
  verdict says;
};

}  // namespace

CAF_TEST(what a fence proves about a window) {
  const auto after = content_of(ours, 9, 90);
  const row rows[] = {
      {"what the window puts", after, verdict::applied},
      {"what was before", content_of(ours, 8, 80), verdict::pending},
      {"what burns the window", content_of(ours, 9, 91), verdict::burned},
      {"taken behind the window", content_of(other, 0, 70, after), verdict::applied_fenced},
      {"taken before the window", content_of(other, 0, 70, content_of(ours, 8, 80)), verdict::not_applied_fenced},
      {"taken behind what burns it", content_of(other, 0, 70, content_of(ours, 9, 91)), verdict::not_applied_fenced},
      {"taken, and nothing was there", content_of(other, 0, 70), verdict::not_applied_fenced},
      {"taken before an older write of ours", content_of(other, 0, 70, content_of(ours, 7, 70)),
       verdict::not_applied_fenced},
      {"the write before", content_of(ours, 7, 70), verdict::rewound},
      {"the first one", content_of(ours, 0, 9), verdict::rewound},
      {"an earlier window that had been burned", content_of(ours, 8, 81), verdict::rewound},
      {"a write of ours that was never sent", content_of(ours, 9, 92), verdict::not_applied_fenced},
      {"a later one", content_of(ours, 10, 100), verdict::not_applied_fenced},
      {"nothing", std::nullopt, verdict::gone},
      {"no fence at all", "nonsense", verdict::not_applied_fenced},
      {"an empty entry", "", verdict::not_applied_fenced},
  };
  for (const auto& r : rows) {
    CAF_MESSAGE(r.what);
    CAF_CHECK(judge(window_from_8_to_9(), r.observed) == r.says);
  }
}

CAF_TEST(only a window that was given up can be burned) {
  auto w = window_from_8_to_9();
  const auto burn = w.burn_content;
  w.burn.reset();
  w.burn_content.clear();
  CAF_CHECK(judge(w, burn) == verdict::not_applied_fenced);
  CAF_CHECK(judge(w, std::string{}) == verdict::not_applied_fenced);
}
