#include "actors/cli/admin/reset_plan.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace tidegate::cli {

namespace {

constexpr std::int32_t largest_partition = 1'000'000;  // so that a range is short

std::optional<std::int32_t> partition_in(std::string_view text) {
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0 || number > largest_partition)
    return std::nullopt;
  return number;
}

bool add_range(std::string_view text, std::vector<std::int32_t>& to) {
  const auto dash = text.find('-');
  const auto first = partition_in(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : partition_in(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  for (auto p = *first; p <= *last; ++p) to.push_back(p);
  return true;
}

std::int64_t shifted(std::int64_t from, std::int64_t by) {
  std::int64_t to = 0;
  if (!__builtin_add_overflow(from, by, &to)) return to;
  return by < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

void clamp(reset_step& step) {
  const auto wanted = step.to;
  step.to = std::clamp(wanted, step.log.start, step.log.end);
  if (wanted < step.to) step.note = std::to_string(wanted) + " is below the log's start";
  if (wanted > step.to) step.note = std::to_string(wanted) + " is beyond the log's end";
}

}  // namespace

std::optional<topic_choice> parse_topic_choice(std::string_view text) {
  const auto colon = text.find(':');
  topic_choice choice{std::string(text.substr(0, colon)), {}};
  if (choice.topic.empty()) return std::nullopt;
  if (colon == std::string_view::npos) return choice;
  for (auto rest = text.substr(colon + 1);;) {
    const auto comma = rest.find(',');
    if (!add_range(rest.substr(0, comma), choice.partitions)) return std::nullopt;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  std::ranges::sort(choice.partitions);
  choice.partitions.erase(std::unique(choice.partitions.begin(), choice.partitions.end()), choice.partitions.end());
  return choice;
}

reset_step plan_reset(const reset_rule& rule, const reset_input& input) {
  reset_step step{input.at, input.committed, 0, input.log, "", ""};
  switch (rule.target) {
    case reset_target::earliest: step.to = input.log.start; break;
    case reset_target::latest: step.to = input.log.end; break;
    case reset_target::offset:
      step.to = rule.number;
      clamp(step);
      break;
    case reset_target::shift:
      if (!input.committed) {
        step.refusal = "there is no position that could be shifted";
        break;
      }
      step.to = shifted(*input.committed, rule.number);
      clamp(step);
      break;
    case reset_target::time:
      step.to = input.at_time < 0 ? input.log.end : input.at_time;
      if (input.at_time < 0) step.note = "no record at or after that time: the end";
      break;
    case reset_target::current:
      step.to = input.committed.value_or(input.log.end);
      clamp(step);
      if (!input.committed) step.note = "no position: the end";
      break;
  }
  return step;
}

}  // namespace tidegate::cli
