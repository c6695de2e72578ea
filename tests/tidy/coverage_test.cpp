#define CAF_SUITE coverage
// What exists and no test names: API versions, fault points, files that nobody compiles.
#include "tests/messages/kafka/all_messages.hpp"
#include "tests/tidy/sources.hpp"

#include "caf/test/unit_test.hpp"

#include <map>
#include <regex>
#include <set>

using namespace tidegate;
using namespace tidegate::tidy;

namespace {

const std::string root = TIDEGATE_SOURCE_DIR "/";

std::string snake_case(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && !out.empty()) out += '_';
    out += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::set<std::string> all_matches(const std::string& text, const std::regex& pattern, const std::string& prefix = "") {
  std::set<std::string> found;
  for (auto m = std::sregex_iterator(text.begin(), text.end(), pattern); m != std::sregex_iterator(); ++m)
    found.insert(prefix + (*m)[1].str());
  return found;
}

std::set<std::string> fault_points() {
  std::set<std::string> points;
  for (const auto& file : sources_below({"messages", "net", "smq", "actors"})) {
    const auto text = read_text(root + file.path);
    if (!file.path.starts_with("messages/common/fault_point"))
      points.merge(all_matches(text, std::regex("TIDEGATE_FAULT_POINT\\(\"([^\"]+)\"\\)")));
    if (file.path.starts_with("smq/embedded/"))  // its hook is wired to fault points by actors/store/store_engine.cpp
      points.merge(all_matches(text, std::regex("\\b(?:step|hooks_\\.at)\\(\"([^\"]+)\"\\)"), "embedded."));
  }
  return points;
}

}  // namespace

CAF_TEST(both messages of every API are in the lists of the round trip and of the oracle) {
  std::map<kafka::api_key, int> messages;
  kafka::test::for_each_message([&]<class Message>(const char*) { ++messages[Message::api]; });
  for (const auto& api : kafka::apis)
    if (messages[api.key] != 2) CAF_ERROR(api.name << " has " << messages[api.key] << " messages in all_messages.hpp");
}

CAF_TEST(every advertised version is sent over a socket) {
  const auto test = read_text(root + "tests/e2e/test_every_version.py");
  for (const auto& api : kafka::apis) {
    const auto row = std::to_string(static_cast<int>(api.key)) + ": (\"" + std::string(api.name) + "\", " +
                     std::to_string(api.advertised_min_version) + ", " + std::to_string(api.max_version) + ")";
    if (test.find(row) == std::string::npos) CAF_ERROR("tests/e2e/test_every_version.py lacks " << row);
    if (test.find("def check_" + snake_case(api.name) + "(") == std::string::npos)
      CAF_ERROR("tests/e2e/test_every_version.py does not check " << api.name);
  }
}

CAF_TEST(every fault point is named by a test and each of those exists) {
  const auto tests = read_text(root + "tests/e2e/test_kill_points.py");
  const auto points = fault_points();
  CAF_CHECK(points.size() >= 20);
  const auto named = all_matches(
    tests, std::regex("\"((partition|coordinator|connection|topics|node|embedded)\\.\\w+\\.\\w+)\""));
  for (const auto& point : points) {
    if (named.count(point) == 0) CAF_ERROR("no test names the fault point " << point);
    if (!std::regex_match(point, std::regex("\\w+\\.\\w+\\.\\w+"))) CAF_ERROR(point << " is not module.operation.moment");
  }
  for (const auto& name : named)
    if (points.count(name) == 0) CAF_ERROR("a test names the fault point " << name << ", which is nowhere");
}

CAF_TEST(every source file belongs to a target) {
  const auto commands = read_text(TIDEGATE_BINARY_DIR "/compile_commands.json");
  CAF_REQUIRE(!commands.empty());
  for (const auto& file : sources_below({"messages", "net", "smq", "actors", "tests"}, {".cpp", ".cc", ".c"}))
    if (commands.find("/" + file.path + "\"") == std::string::npos) CAF_ERROR(file.path << " is compiled by no target");
}
