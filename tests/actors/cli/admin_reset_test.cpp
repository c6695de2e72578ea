#define CAF_SUITE admin_reset
#include "actors/cli/admin/reset_plan.hpp"

#include "caf/test/unit_test.hpp"

#include <limits>

using namespace tidegate::cli;

namespace {

constexpr std::int64_t none = -1;
constexpr auto huge = std::numeric_limits<std::int64_t>::max();

std::string words(const std::optional<topic_choice>& choice) {
  if (!choice) return "none";
  auto text = choice->topic;
  for (const auto p : choice->partitions) text += " " + std::to_string(p);
  return text;
}

}  // namespace

CAF_TEST(a topic is chosen with all its partitions or with some) {
  struct row {
    std::string text, wanted;
  };
  const std::vector<row> rows = {
    {"orders", "orders"},           {"orders:3", "orders 3"},    {"orders:3,1,3", "orders 1 3"},
    {"a.b-c_d:0-2,7", "a.b-c_d 0 1 2 7"}, {":1", "none"},        {"", "none"},
    {"orders:", "none"},            {"orders:1,", "none"},       {"orders:-1", "none"},
    {"orders:2-1", "none"},         {"orders:x", "none"},        {"orders:1:2", "none"},
    {"orders:0-99999999", "none"},  {"orders:1 ", "none"}};
  for (const auto& one : rows) {
    CAF_MESSAGE(one.text);
    CAF_CHECK_EQUAL(words(parse_topic_choice(one.text)), one.wanted);
  }
}

CAF_TEST(a position moves to where the rule points and stays inside the log) {
  struct row {
    reset_target target;
    std::int64_t number;
    std::int64_t committed, at_time;
    std::int64_t to;
    std::string note;
  };
  using enum reset_target;
  const std::vector<row> rows = {  // the log holds 100 … 199
    {earliest, 0, 150, none, 100, ""},
    {latest, 0, none, none, 200, ""},
    {offset, 120, 150, none, 120, ""},
    {offset, 100, 150, none, 100, ""},
    {offset, 200, 150, none, 200, ""},
    {offset, 99, 150, none, 100, "99 is below the log's start"},
    {offset, 201, none, none, 200, "201 is beyond the log's end"},
    {shift, 10, 150, none, 160, ""},
    {shift, -50, 150, none, 100, ""},
    {shift, -51, 150, none, 100, "99 is below the log's start"},
    {shift, 51, 150, none, 200, "201 is beyond the log's end"},
    {shift, huge, 150, none, 200, std::to_string(huge) + " is beyond the log's end"},
    {shift, -huge, 150, none, 100, std::to_string(150 - huge) + " is below the log's start"},
    {reset_target::time, 1000, 150, 130, 130, ""},
    {reset_target::time, 1000, 150, none, 200, "no record at or after that time: the end"},
    {current, 0, 150, none, 150, ""},
    {current, 0, 50, none, 100, "50 is below the log's start"},
    {current, 0, 250, none, 200, "250 is beyond the log's end"},
    {current, 0, none, none, 200, "no position: the end"}};
  for (const auto& one : rows) {
    const auto committed = one.committed < 0 ? std::nullopt : std::optional(one.committed);
    const auto step = plan_reset({one.target, one.number}, {{"t", 1}, committed, {100, 200, ""}, one.at_time});
    CAF_MESSAGE(static_cast<int>(one.target) << " " << one.number << " " << one.committed);
    CAF_CHECK_EQUAL(step.to, one.to);
    CAF_CHECK_EQUAL(step.note, one.note);
    CAF_CHECK_EQUAL(step.refusal, "");
    CAF_CHECK(step.from == committed);
    CAF_CHECK(step.at == (topic_partition{"t", 1}));
  }
}

CAF_TEST(what has no position cannot be shifted) {
  const auto step = plan_reset({reset_target::shift, 1}, {{"t", 0}, std::nullopt, {0, 10, ""}, none});
  CAF_CHECK_EQUAL(step.refusal, "there is no position that could be shifted");
}

CAF_TEST(an empty log has one position) {
  for (const auto target : {reset_target::earliest, reset_target::latest, reset_target::offset, reset_target::current})
    CAF_CHECK_EQUAL(plan_reset({target, 3}, {{"t", 0}, 7, {5, 5, ""}, none}).to, 5);
}
