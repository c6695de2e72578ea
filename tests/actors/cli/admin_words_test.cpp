#define CAF_SUITE admin_words
#include "actors/cli/admin/words.hpp"

#include "caf/test/unit_test.hpp"

#include <limits>

using namespace tidegate::cli;

CAF_TEST(durations are two units at most) {
  struct row {
    std::int64_t ms;
    std::string words;
  };
  const std::vector<row> rows = {{-5, "0 ms"},           {0, "0 ms"},            {999, "999 ms"},
                                 {1000, "1.0 s"},        {59'999, "59.9 s"},     {60'000, "1m 00s"},
                                 {3'599'999, "59m 59s"}, {3'600'000, "1h 00m"},  {86'399'999, "23h 59m"},
                                 {86'400'000, "1d 00h"}, {2'606'400'000, "30d 04h"}};
  for (const auto& one : rows) CAF_CHECK_EQUAL(duration_words(one.ms), one.words);
  CAF_CHECK_EQUAL(duration_words(std::numeric_limits<std::int64_t>::max()), "106751991167d 07h");
}

CAF_TEST(instants are read with and without a zone) {
  struct row {
    std::string text;
    std::string utc;  // empty: none
  };
  const std::vector<row> rows = {
    {"2026-11-25T19:40:11.123Z", "2026-11-25T19:40:11.123Z"},
    {"2026-11-25T19:40:11.1239", "2026-11-25T19:40:11.123Z"},
    {"2026-11-25T19:40:11.5", "2026-11-25T19:40:11.500Z"},
    {"2026-11-25T19:40:11", "2026-11-25T19:40:11.000Z"},
    {"2026-11-25T19:40", "2026-11-25T19:40:00.000Z"},
    {"2026-11-25", "2026-11-25T00:00:00.000Z"},
    {"2026-11-25T00:30:00+01:00", "2026-11-24T23:30:00.000Z"},
    {"2026-11-25T23:30:00-0130", "2026-11-26T01:00:00.000Z"},
    {"2026-11-25T23:30:00-01", "2026-11-26T00:30:00.000Z"},
    {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
    {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
    {"2026-02-29", ""}, {"2026-13-01", ""}, {"2026-11-25T24:00", ""}, {"2026-11-25T19:60", ""}, {"2026-11-25T19", ""},
    {"2026-11-25T19:40:11.", ""}, {"2026-11-25 19:40", ""}, {"2026-11-25T19:40:11ZZ", ""}, {"26-11-25", ""}, {"", ""},
    {"2026-11-25T19:40:11+", ""}, {"2026-11--5", ""}, {"1764099611000", ""}, {"2026-11-25T19:40:11.1234567890Z", ""}};
  for (const auto& one : rows) {
    CAF_MESSAGE(one.text);
    const auto ms = parse_iso_time(one.text);
    CAF_CHECK_EQUAL(ms ? iso_time(*ms) : "", one.utc);
  }
}

CAF_TEST(durations are read as Java reads them) {
  struct row {
    std::string text;
    std::int64_t ms;  // -1: none
  };
  const std::vector<row> rows = {{"P1D", 86'400'000}, {"PT1H", 3'600'000}, {"PT90M", 5'400'000}, {"PT1.5S", 1500},
                                 {"P30DT4H5M6.007S", 2'606'706'007}, {"PT0S", 0}, {"P36525D", 3'155'760'000'000},
                                 {"P", -1}, {"PT", -1}, {"P1DT", -1}, {"P1H", -1}, {"PT1D", -1}, {"1D", -1},
                                 {"P1M", -1}, {"PT1S1M", -1}, {"PT1.5M", -1}, {"PT-1S", -1},
                                 {"P1D ", -1}, {"", -1}, {"P36526D", -1},
                                 {"PT1H1H", -1}, {"PT99999999999999999999S", -1}, {"P1DT1", -1}, {"PT1.S", -1}};
  for (const auto& one : rows) {
    CAF_MESSAGE(one.text);
    CAF_CHECK_EQUAL(parse_iso_duration(one.text).value_or(-1), one.ms);
  }
}
