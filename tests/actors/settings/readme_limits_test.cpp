#define CAF_SUITE readme_limits
// README's table of limits is what the option table says.
#include "actors/settings/options.hpp"

#include "caf/test/unit_test.hpp"

#include <fstream>
#include <sstream>
#include <string>

using namespace tidegate::actors;

namespace {

const std::string begin_mark = "<!-- limits: begin, checked by tests/actors/settings/readme_limits_test.cpp -->\n";
const std::string end_mark = "<!-- limits: end -->\n";

/// Every number of the option table that bounds something, i.e. has a unit.
std::string limit_rows() {
  options defaults;
  std::ostringstream out;
  out << "| setting | default | from – to | what |\n|---|---|---|---|\n";
  for (const auto& row : option_table()) {
    const auto* number = std::get_if<option_row::int_at>(&row.at);
    if (!number || row.unit.empty()) continue;
    out << "| `" << row.key << (row.is_live ? "` ↻ | " : "` | ");
    out << (*number)(defaults) << " " << row.unit << " | " << row.min << " – " << row.max
        << " | " << row.help << " |\n";
  }
  return out.str();
}

}  // namespace

CAF_TEST(the limits of the README are the ones of the option table) {
  std::ifstream file(TIDEGATE_SOURCE_DIR "/README.md");
  std::ostringstream content;
  content << file.rdbuf();
  const auto text = content.str();
  const auto begin = text.find(begin_mark);
  const auto end = text.find(end_mark);
  CAF_REQUIRE(begin != std::string::npos && end != std::string::npos && begin < end);
  const auto from = begin + begin_mark.size();
  if (text.substr(from, end - from) != limit_rows())
    CAF_ERROR("README.md: put this between the marks of the limits:\n" << limit_rows());
}
