#define CAF_SUITE store_watch
#include "actors/store/store_watch.hpp"

#include "caf/test/unit_test.hpp"

#include <deque>

using tidegate::actors::store_watch;

CAF_TEST(what the store says last stands until it says something else) {
  std::deque<std::function<void()>> due;
  std::vector<std::optional<std::string>> answers{"", "erases", std::nullopt, "erases", ""};
  std::size_t asked = 0;
  const auto watch = std::make_shared<store_watch>(
    [&](const std::function<void(std::optional<std::string>)>& done) { done(answers[asked++]); },
    [&](std::chrono::milliseconds, std::function<void()> f) { due.push_back(std::move(f)); });
  watch->start();
  std::vector<std::string> problems;
  while (asked < answers.size()) {
    CAF_REQUIRE_EQUAL(due.size(), 1U);
    const auto look = std::move(due.front());
    due.pop_front();
    look();
    problems.push_back(watch->problem());
  }
  CAF_CHECK_EQUAL(problems, (std::vector<std::string>{"", "erases", "erases", "erases", ""}));
}

CAF_TEST(an answer that comes when it is gone changes nothing) {
  std::function<void()> look;
  std::function<void(std::optional<std::string>)> answer;
  auto watch = std::make_shared<store_watch>(
    [&](std::function<void(std::optional<std::string>)> done) { answer = std::move(done); },
    [&](std::chrono::milliseconds, std::function<void()> f) { look = std::move(f); });
  watch->start();
  look();
  watch.reset();
  look = nullptr;
  answer("erases");
  CAF_CHECK(!look);
}

CAF_TEST(a store without rules is never asked) {
  const auto watch = std::make_shared<store_watch>(
    nullptr, [](std::chrono::milliseconds, const std::function<void()>&) { CAF_FAIL("asked"); });
  watch->start();
  CAF_CHECK_EQUAL(watch->problem(), "");
}
