#define CAF_SUITE readme
// README's API table is what messages/kafka/api_table.hpp says.
#include "messages/kafka/api_table.hpp"

#include "caf/test/unit_test.hpp"

#include <fstream>
#include <sstream>
#include <string>

using namespace tidegate;

namespace {

const std::string begin_mark = "<!-- api table: begin, checked by tests/tidy/readme_test.cpp -->\n";
const std::string end_mark = "<!-- api table: end -->\n";

std::string readme() {
  std::ifstream file(TIDEGATE_SOURCE_DIR "/README.md");
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string api_rows() {
  std::ostringstream out;
  out << "| key | API | versions | advertised | flexible from |\n|---|---|---|---|---|\n";
  for (const auto& api : kafka::apis) {
    const bool is_ever_flexible = api.first_flexible_version <= api.max_version;
    out << "| " << static_cast<int>(api.key) << " | " << api.name << " | " << api.min_version << "–" << api.max_version
        << " | " << api.advertised_min_version << "–" << api.max_version << " | "
        << (is_ever_flexible ? std::to_string(api.first_flexible_version) : "never") << " |\n";
  }
  return out.str();
}

}  // namespace

CAF_TEST(the API table of the README is the one of the code) {
  const auto text = readme();
  const auto begin = text.find(begin_mark);
  const auto end = text.find(end_mark);
  CAF_REQUIRE(begin != std::string::npos && end != std::string::npos && begin < end);
  const auto from = begin + begin_mark.size();
  if (text.substr(from, end - from) != api_rows())
    CAF_ERROR("README.md: put this between the marks of the API table:\n" << api_rows());
}

CAF_TEST(the lines of the README and of ARCHITECTURE fit a screen) {
  for (const std::string name : {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"}) {
    std::ifstream file(std::string(TIDEGATE_SOURCE_DIR "/") + name);
    CAF_REQUIRE(file.good());
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      if (line.starts_with("| `")) continue;  // a generated row: its help text is as long as it is
      std::size_t columns = 0;
      for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a UTF-8 tail
      if (columns > 140) CAF_ERROR(name << ":" << number << " has " << columns << " columns");
    }
  }
}
