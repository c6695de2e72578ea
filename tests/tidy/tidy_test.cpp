#define CAF_SUITE tidy
// The rules of CONTRIBUTING, checked on the tree itself.
#include "caf/test/unit_test.hpp"

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct source {
  std::string path;  // relative to the root
  std::vector<std::string> lines;
};

std::vector<source> sources_below(const std::vector<std::string>& folders) {
  std::vector<source> all;
  const fs::path root = TIDEGATE_SOURCE_DIR;
  for (const auto& folder : folders) {
    for (const auto& file : fs::recursive_directory_iterator(root / folder)) {
      if (file.path().extension() != ".cpp" && file.path().extension() != ".hpp") continue;
      source s{fs::relative(file.path(), root).string(), {}};
      std::ifstream in(file.path());
      for (std::string line; std::getline(in, line);) s.lines.push_back(line);
      all.push_back(std::move(s));
    }
  }
  return all;
}

struct layer_rule {
  std::string folder;                // files below it …
  std::vector<std::string> allowed;  // … may include only these of our folders
  std::string forbidden;             // … and no header that matches this
};

const std::vector<layer_rule> layer_rules = {
  {"messages/", {"messages/"}, "<(caf|boost|grpcpp|google|rocksdb|spdlog)/"},
  {"net/", {"net/", "messages/"}, "<(caf|grpcpp|google|rocksdb|spdlog)/"},
  {"smq/", {"smq/", "messages/"}, "<(caf|boost/asio|boost/beast|spdlog)/"},
  {"actors/core/", {"actors/core/", "messages/"}, "<(caf|boost|grpcpp|google|rocksdb|spdlog)/"},
};

void check_line(const source& file, std::size_t number, const std::string& line, const layer_rule& rule) {
  static const std::regex ours("^#include \"([^\"]+)\"");
  std::smatch match;
  if (std::regex_search(line, match, ours)) {
    bool allowed = false;
    for (const auto& prefix : rule.allowed) allowed |= match[1].str().starts_with(prefix);
    if (!allowed) CAF_ERROR(file.path << ":" << number << " includes " << match[1].str());
  }
  if (std::regex_search(line, std::regex("^#include " + rule.forbidden)))
    CAF_ERROR(file.path << ":" << number << " crosses a layer: " << line);
}

}  // namespace

CAF_TEST(includes point down only) {
  for (const auto& rule : layer_rules)
    for (const auto& file : sources_below({rule.folder}))
      for (std::size_t i = 0; i < file.lines.size(); ++i)
        if (file.lines[i].starts_with("#include")) check_line(file, i + 1, file.lines[i], rule);
}

CAF_TEST(files stay under 400 lines and 120 columns) {
  for (const auto& file : sources_below({"messages", "net", "smq", "actors", "tests"})) {
    if (file.lines.size() > 400) CAF_ERROR(file.path << " has " << file.lines.size() << " lines");
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (file.lines[i].size() > 130) CAF_ERROR(file.path << ":" << i + 1 << " is too long");
  }
}

CAF_TEST(nothing sleeps and nothing waits for ever) {
  const std::regex banned("sleep_for|sleep_until|usleep\\(|caf::infinite|std::rand\\b|TODO|FIXME|system_clock::now.*core/");
  for (const auto& file : sources_below({"messages", "net", "smq", "actors"}))
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (std::regex_search(file.lines[i], banned)) CAF_ERROR(file.path << ":" << i + 1 << " " << file.lines[i]);
}

CAF_TEST(pure rules read no clock) {
  const std::regex clock("(steady|system)_clock::now");
  for (const auto& file : sources_below({"actors/core", "messages"}))
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (std::regex_search(file.lines[i], clock)) CAF_ERROR(file.path << ":" << i + 1 << " " << file.lines[i]);
}

CAF_TEST(headers have a guard and open no namespace for others) {
  for (const auto& file : sources_below({"messages", "net", "smq", "actors"})) {
    if (!file.path.ends_with(".hpp")) continue;
    bool guarded = false;
    for (const auto& line : file.lines) {
      guarded |= line == "#pragma once";
      if (line.starts_with("using namespace")) CAF_ERROR(file.path << ": " << line);
    }
    CAF_CHECK(guarded);
  }
}
