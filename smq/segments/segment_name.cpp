#include "smq/segments/segment_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace tidegate::smq {

namespace {

constexpr std::size_t second_digits = 19;  // "YYYY-MM-DD-HH-MM-SS"
constexpr std::size_t offset_digits = 20;

std::optional<std::int64_t> parse_digits(std::string_view digits) {
  if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string segment_name(std::int64_t second, std::int64_t base_offset) {
  using namespace std::chrono;
  sys_seconds time{seconds{second}};
  auto day = floor<days>(time);
  year_month_day date{day};
  hh_mm_ss clock{time - day};
  std::array<char, 64> text{};
  auto size =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02u-%02d-%02d-%02d.%020lld", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<long long>(base_offset));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<segment_name_parts> parse_segment_name(std::string_view name) {
  using namespace std::chrono;
  if (name.size() != second_digits + 1 + offset_digits || name[second_digits] != '.') return std::nullopt;
  constexpr std::array<std::pair<std::size_t, std::size_t>, 6> fields{
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  std::array<std::int64_t, 6> numbers{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto number = parse_digits(name.substr(fields[i].first, fields[i].second));
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  auto base_offset = parse_digits(name.substr(second_digits + 1));
  if (!base_offset) return std::nullopt;
  year_month_day date{year{static_cast<int>(numbers[0])}, month{static_cast<unsigned>(numbers[1])},
                      day{static_cast<unsigned>(numbers[2])}};
  if (!date.ok()) return std::nullopt;
  auto second =
      sys_seconds{sys_days{date}}.time_since_epoch().count() + numbers[3] * 3600 + numbers[4] * 60 + numbers[5];
  // One spelling per name: out-of-range clock fields and wrong separators do not survive the way back.
  if (segment_name(second, *base_offset) != name) return std::nullopt;
  return segment_name_parts{second, *base_offset};
}

std::int64_t name_second_for(std::int64_t first_ts_ns, std::int64_t span_seconds, std::int64_t newest_name_second) {
  auto second = first_ts_ns / 1'000'000'000;
  auto end_of_span = (second / span_seconds + 1) * span_seconds - 1;
  return std::max(end_of_span, newest_name_second);
}

}  // namespace tidegate::smq
