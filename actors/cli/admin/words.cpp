#include "actors/cli/admin/words.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace tidegate::cli {

namespace {

constexpr std::int64_t second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
constexpr std::int64_t longest_duration = 36525 * day;  // 100 years

std::string two_units(std::int64_t large, char large_unit, std::int64_t small, char small_unit) {
  char text[48];
  std::snprintf(text, sizeof(text), "%lld%c %02lld%c", static_cast<long long>(large), large_unit,
                static_cast<long long>(small), small_unit);
  return text;
}

/// Takes from the front of a text; `failed` once something was not there.
struct reader {
  std::string_view rest;
  bool failed = false;

  bool take(char wanted) {
    if (rest.empty() || rest.front() != wanted) return false;
    rest.remove_prefix(1);
    return true;
  }

  void need(char wanted) { failed |= !take(wanted); }

  /// Exactly `digits` digits that make a number from `least` to `most`.
  std::int64_t number(std::size_t digits, std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    const auto text = rest.substr(0, digits);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_good = text.size() == digits && error == std::errc{} && end == text.data() + digits &&
                         text.front() != '-' && value >= least && value <= most;
    failed |= !is_good;
    rest.remove_prefix(text.size());
    return is_good ? value : 0;
  }

  /// One to nine digits behind a point, as milliseconds.
  std::int64_t fraction() {
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; ++digits, rest.remove_prefix(1))
      if (digits < 3) value = 10 * value + (rest.front() - '0');
    failed |= digits == 0 || digits > 9;
    for (auto i = digits; i < 3; ++i) value *= 10;
    return value;
  }

  std::int64_t zone() {
    if (take('Z') || rest.empty()) return 0;
    const bool is_west = rest.front() == '-';
    if (!is_west) need('+');
    if (is_west) need('-');
    const auto hours = number(2, 0, 18);
    take(':');
    const auto minutes = rest.empty() ? 0 : number(2, 0, 59);
    return (hours * hour + minutes * minute) * (is_west ? -1 : 1);
  }
};

}  // namespace

std::string duration_words(std::int64_t ms) {
  ms = std::max<std::int64_t>(ms, 0);
  if (ms < second) return std::to_string(ms) + " ms";
  if (ms < minute) return std::to_string(ms / second) + "." + std::to_string(ms % second / 100) + " s";
  if (ms < hour) return two_units(ms / minute, 'm', ms % minute / second, 's');
  if (ms < day) return two_units(ms / hour, 'h', ms % hour / minute, 'm');
  return two_units(ms / day, 'd', ms % day / hour, 'h');
}

std::string iso_time(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(ms)};
  const auto date = floor<days>(at);
  const year_month_day ymd(date);
  const hh_mm_ss time(at - date);
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(ymd.year()),
                static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return text;
}

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
  using namespace std::chrono;
  reader in{text};
  const auto y = in.number(4, 1970, 9999);
  in.need('-');
  const auto m = in.number(2, 1, 12);
  in.need('-');
  const auto d = in.number(2, 1, 31);
  const year_month_day date{year(static_cast<int>(y)), month(static_cast<unsigned>(m)),
                            std::chrono::day(static_cast<unsigned>(d))};
  std::int64_t time = 0;
  if (in.take('T')) {
    time = in.number(2, 0, 23) * hour;
    in.need(':');
    time += in.number(2, 0, 59) * minute;
    if (in.take(':')) time += in.number(2, 0, 59) * second;
    if (in.take('.')) time += in.fraction();
  }
  time -= in.zone();
  if (in.failed || !in.rest.empty() || !date.ok()) return std::nullopt;
  return duration_cast<milliseconds>(sys_days(date).time_since_epoch()).count() + time;
}

std::optional<std::int64_t> parse_iso_duration(std::string_view text) {
  reader in{text};
  in.need('P');
  constexpr std::pair<char, std::int64_t> units[] = {{'D', day}, {'H', hour}, {'M', minute}, {'S', second}};
  std::size_t next = 0;  // the largest unit that may still come
  std::int64_t sum = 0;
  bool has_time = false, has_any = false;
  while (!in.rest.empty() && !in.failed) {
    if (!has_time && in.take('T')) {
      has_time = true;
      next = 1;
      has_any = false;
      continue;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(in.rest.data(), in.rest.data() + in.rest.size(), value);
    if (error != std::errc{} || value < 0 || value > longest_duration) return std::nullopt;
    in.rest.remove_prefix(static_cast<std::size_t>(end - in.rest.data()));
    const auto fraction = in.take('.') ? std::optional(in.fraction()) : std::nullopt;
    std::size_t unit = next;
    while (unit < std::size(units) && !in.take(units[unit].first)) ++unit;
    const bool is_date = unit == 0;
    if (unit == std::size(units) || is_date == has_time || (fraction && units[unit].first != 'S')) return std::nullopt;
    if (value > longest_duration / units[unit].second) return std::nullopt;
    sum += value * units[unit].second + fraction.value_or(0);
    next = unit + 1;
    has_any = true;
  }
  if (in.failed || !has_any || sum > longest_duration) return std::nullopt;
  return sum;
}

}  // namespace tidegate::cli
