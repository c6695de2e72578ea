#define CAF_SUITE smq_json_cursor
#include "smq/json_cursor.hpp"

#include "caf/test/unit_test.hpp"

using tidegate::smq::json_cursor;

namespace {

std::string nested(std::size_t times, const std::string& open, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < times; ++i) text += close;
  return text;
}

bool is_skipped(const std::string& text) {
  json_cursor cursor{text};
  return cursor.skip_value() && cursor.at_end();
}

}  // namespace

CAF_TEST(values are skipped 64 deep and no deeper) {
  const std::pair<std::string, std::string> kinds[] = {{"[", "]"}, {R"({"k":)", "}"}};
  for (const auto& [open, close] : kinds) {
    CAF_CHECK(is_skipped(nested(64, open, close)));
    CAF_CHECK(!is_skipped(nested(65, open, close)));
    CAF_CHECK(!is_skipped(nested(1'000'000, open, close)));
  }
}
