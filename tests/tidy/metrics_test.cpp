#define CAF_SUITE metrics
// The table of actors/metrics/README.md is the one of the code, and every metric is made somewhere.
#include "actors/metrics/metric_table.hpp"

#include "messages/common/error_name.hpp"
#include "tests/tidy/sources.hpp"

#include "caf/test/unit_test.hpp"

#include <regex>
#include <set>
#include <sstream>

using namespace tidegate;
using namespace tidegate::tidy;

namespace {

const std::string begin_mark = "<!-- metrics: begin, checked by tests/tidy/metrics_test.cpp -->\n";
const std::string end_mark = "<!-- metrics: end -->\n";

std::string_view text_of(actors::metric_type type) {
  switch (type) {
    case actors::metric_type::counter: return "counter";
    case actors::metric_type::gauge: return "gauge";
    case actors::metric_type::histogram: break;
  }
  return "histogram";
}

std::string metric_rows() {
  std::ostringstream out;
  out << "| metric | type | labels | what |\n|---|---|---|---|\n";
  for (const auto& row : actors::metric_table) {
    out << "| `" << row.name << "` | " << text_of(row.type) << " | " << row.labels[0]
        << (row.labels[1].empty() ? "" : ", ") << row.labels[1] << " | " << row.help << " |\n";
  }
  return out.str();
}

}  // namespace

CAF_TEST(the table of metrics in the README is the one of the code) {
  const auto text = read_text(TIDEGATE_SOURCE_DIR "/actors/metrics/README.md");
  const auto begin = text.find(begin_mark);
  const auto end = text.find(end_mark);
  CAF_REQUIRE(begin != std::string::npos && end != std::string::npos && begin < end);
  const auto from = begin + begin_mark.size();
  if (text.substr(from, end - from) != metric_rows())
    CAF_ERROR("actors/metrics/README.md: put this between its marks:\n" << metric_rows());
}

CAF_TEST(every metric is made somewhere) {
  std::string code;
  for (const auto& file : sources_below({"actors"}, {".cpp"})) code += read_text(TIDEGATE_SOURCE_DIR "/" + file.path);
  for (const auto& row : actors::metric_table)
    if (code.find('"' + std::string(row.name) + '"') == std::string::npos) CAF_ERROR(row.name << " is never added");
}

CAF_TEST(names and labels are those of Prometheus and units are base units) {
  const std::regex name("(tidegate|process)_[a-z]+(_[a-z]+)*");
  std::set<std::string> seen;
  for (const auto& row : actors::metric_table) {
    const std::string text{row.name};
    CAF_MESSAGE(text);
    CAF_CHECK(std::regex_match(text, name));
    CAF_CHECK(seen.insert(text).second);
    CAF_CHECK_EQUAL(text.ends_with("_total"), row.type == actors::metric_type::counter);
    CAF_CHECK(text.find("_ms") == std::string::npos && text.find("_kb") == std::string::npos);
    CAF_CHECK(row.help.ends_with("."));
  }
}

CAF_TEST(every error code has its name) {
  const auto text = read_text(TIDEGATE_SOURCE_DIR "/messages/common/error_code.hpp");
  const std::regex enumerator("  ([a-z_]+) = (-?[0-9]+),");
  std::size_t count = 0;
  for (auto m = std::sregex_iterator(text.begin(), text.end(), enumerator); m != std::sregex_iterator(); ++m, ++count) {
    auto name = (*m)[1].str();
    for (auto& c : name) c = c == '_' ? c : static_cast<char>(c - 'a' + 'A');
    CAF_CHECK_EQUAL(name_of(static_cast<error_code>(std::stoi((*m)[2].str()))), name);
  }
  CAF_CHECK(count > 60);
}

CAF_TEST(only one file includes the library of Prometheus) {
  std::vector<std::string> users;
  for (const auto& file : sources_below({"messages", "net", "smq", "actors"}))
    for (const auto& line : file.lines)
      if (line.starts_with("#include <prometheus/") && (users.empty() || users.back() != file.path))
        users.push_back(file.path);
  CAF_CHECK((users == std::vector<std::string>{"actors/metrics/metric_page.cpp"}));
}
