#define CAF_SUITE tidy
// The rules of CONTRIBUTING, checked on the tree itself.
#include "tests/tidy/sources.hpp"

#include "caf/test/unit_test.hpp"

#include <regex>

using namespace tidegate::tidy;

namespace {

struct layer_rule {
  std::string folder;                // files below it, unless a longer rule fits …
  std::vector<std::string> allowed;  // … may include only these of our folders
  std::string forbidden;             // … and no header that matches this
};

const std::string not_of_actors = "<(boost/asio|boost/beast|grpcpp|google|rocksdb|librdkafka)/";

/// Those who own state, and those who ask: they meet in actors/interfaces, not in each other's code.
layer_rule part_of_actors(const std::string& folder, std::vector<std::string> others = {}) {
  others.insert(others.end(), {folder, "actors/interfaces/", "actors/core/", "actors/metrics/", "actors/log.hpp",
                               "net/", "smq/", "messages/"});
  return {folder, std::move(others), not_of_actors};
}

const std::vector<layer_rule> layer_rules = {
  {"messages/", {"messages/"}, "<(caf|boost|grpcpp|google|rocksdb|spdlog|librdkafka|prometheus)/"},
  {"net/", {"net/", "messages/"}, "<(caf|grpcpp|google|rocksdb|spdlog|librdkafka)/"},
  {"smq/", {"smq/", "messages/"}, "<(caf|boost/asio|boost/beast|grpcpp|google|rocksdb|spdlog|librdkafka)/"},
  {"smq/embedded/", {"smq/", "messages/"}, "<(caf|boost/asio|boost/beast|grpcpp|google|spdlog|librdkafka)/"},
  {"smq/embedded/disk_reads.", {"smq/", "messages/"}, "<(caf|boost/beast|grpcpp|google|rocksdb|spdlog|librdkafka)/"},
  {"smq/seaweedmq/", {"smq/", "messages/"}, "<(caf|boost/asio|boost/beast|rocksdb|spdlog|librdkafka)/"},
  {"smq/seaweedmq/http/", {"smq/", "messages/"}, "<(caf|grpcpp|google|rocksdb|spdlog|librdkafka)/"},
  {"actors/", {"actors/", "net/", "smq/", "messages/"}, not_of_actors},
  part_of_actors("actors/interfaces/"),
  part_of_actors("actors/runtime/"),
  part_of_actors("actors/store/", {"actors/settings/"}),
  part_of_actors("actors/connection/", {"actors/handlers/", "actors/runtime/"}),
  part_of_actors("actors/handlers/", {"actors/store/"}),
  part_of_actors("actors/topic/", {"actors/runtime/", "actors/store/"}),
  part_of_actors("actors/partition/", {"actors/runtime/", "actors/store/"}),
  part_of_actors("actors/group/", {"actors/runtime/", "actors/store/"}),
  {"actors/cli/", {"actors/cli/", "messages/"}, "<(caf|boost/asio|boost/beast|grpcpp|google|rocksdb|spdlog)/"},
  {"actors/cli/http_post.", {"actors/cli/", "messages/"}, "<(caf|grpcpp|google|rocksdb|spdlog)/"},
  {"actors/core/", {"actors/core/", "messages/"}, "<(caf|boost|grpcpp|google|rocksdb|spdlog|librdkafka)/"},
};

const layer_rule& rule_of(const std::string& path) {
  const layer_rule* longest = nullptr;
  for (const auto& rule : layer_rules)
    if (path.starts_with(rule.folder) && (longest == nullptr || rule.folder.size() > longest->folder.size()))
      longest = &rule;
  return *longest;
}

/// What is wrong with an include line of a file; empty if nothing is.
std::string include_problem(const std::string& path, const std::string& line) {
  static const std::regex ours("^#include \"([^\"]+)\"");
  const auto& rule = rule_of(path);
  std::smatch match;
  if (std::regex_search(line, match, ours)) {
    bool allowed = false;
    for (const auto& prefix : rule.allowed) allowed |= match[1].str().starts_with(prefix);
    if (!allowed) return "includes " + match[1].str();
  }
  if (std::regex_search(line, std::regex("^#include " + rule.forbidden))) return "crosses a layer: " + line;
  return {};
}

}  // namespace

CAF_TEST(includes point down only) {
  for (const auto& file : sources_below({"messages", "net", "smq", "actors"}))
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (file.lines[i].starts_with("#include"))
        if (auto problem = include_problem(file.path, file.lines[i]); !problem.empty())
          CAF_ERROR(file.path << ":" << i + 1 << " " << problem);
}

CAF_TEST(the rules about includes refuse what they are for) {
  struct example {
    std::string path, line;
    bool is_allowed;
  };
  const std::vector<example> examples = {
    {"smq/session.hpp", "#include <grpcpp/grpcpp.h>", false},
    {"smq/embedded/index.cpp", "#include <rocksdb/db.h>", true},
    {"smq/embedded/index.cpp", "#include <grpcpp/channel.h>", false},
    {"smq/embedded/index.cpp", "#include <boost/asio/post.hpp>", false},
    {"smq/embedded/disk_reads.cpp", "#include <boost/asio/post.hpp>", true},
    {"smq/positions/positions.cpp", "#include <rocksdb/db.h>", false},
    {"smq/seaweedmq/filer.cpp", "#include <grpcpp/channel.h>", true},
    {"smq/seaweedmq/filer.cpp", "#include <boost/asio/post.hpp>", false},
    {"smq/seaweedmq/http/client.cpp", "#include <boost/asio/post.hpp>", true},
    {"smq/seaweedmq/http/client.cpp", "#include <grpcpp/channel.h>", false},
    {"actors/node.cpp", "#include <boost/asio/post.hpp>", false},
    {"actors/node.cpp", "#include \"smq/session.hpp\"", true},
    {"actors/node.cpp", "#include <librdkafka/rdkafkacpp.h>", false},
    {"actors/cli/soak.cpp", "#include <librdkafka/rdkafkacpp.h>", true},
    {"actors/cli/soak.cpp", "#include \"actors/settings/options.hpp\"", false},
    {"actors/cli/admin/json.cpp", "#include <boost/json.hpp>", true},
    {"actors/cli/admin/json.cpp", "#include <boost/asio/post.hpp>", false},
    {"actors/cli/http_post.cpp", "#include <boost/beast/http/read.hpp>", true},
    {"actors/cli/http_post.cpp", "#include \"net/server.hpp\"", false},
    {"actors/handlers/fetch.cpp", "#include \"actors/partition/partition_state.hpp\"", false},
    {"actors/topic/topic_registry.cpp", "#include \"actors/group/coordinator.hpp\"", false},
    {"actors/group/coordinator.cpp", "#include \"actors/runtime/spawn.hpp\"", true},
    {"actors/core/group/group.cpp", "#include <caf/actor.hpp>", false},
    {"actors/core/group/group.cpp", "#include \"smq/session.hpp\"", false},
    {"net/server.cpp", "#include \"smq/session.hpp\"", false},
    {"messages/common/reply.hpp", "#include \"actors/log.hpp\"", false},
  };
  for (const auto& e : examples) {
    CAF_MESSAGE(e.path << " " << e.line);
    CAF_CHECK_EQUAL(include_problem(e.path, e.line).empty(), e.is_allowed);
  }
}

CAF_TEST(gRPC and Protobuf stay inside smq seaweedmq) {
  const std::regex remote("^#include <(grpc|grpcpp|google)/|^#include <[a-z]+(\\.grpc)?\\.pb\\.h>");
  for (const auto& file : sources_below({"messages", "net", "smq", "actors"})) {
    const bool inside = file.path.starts_with("smq/seaweedmq/");
    bool uses = false;
    bool says_so = file.path.ends_with(".cpp");
    for (const auto& line : file.lines) {
      uses |= std::regex_search(line, remote);
      says_so |= line.find("or the .cpp files of this folder only.") != std::string::npos;
    }
    if (uses && !(inside && says_so)) CAF_ERROR(file.path << " includes gRPC or Protobuf");
  }
}

CAF_TEST(files stay under 400 lines and 130 columns) {
  for (const auto& file : sources_below({"messages", "net", "smq", "actors", "tests"})) {
    if (file.lines.size() > 400) CAF_ERROR(file.path << " has " << file.lines.size() << " lines");
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (file.lines[i].size() > 130) CAF_ERROR(file.path << ":" << i + 1 << " is too long");
  }
}

CAF_TEST(nothing sleeps and nothing waits for ever) {
  const std::regex banned("sleep_for|sleep_until|\\busleep\\(|\\bsleep\\(|caf::infinite|std::rand\\b");
  for (const auto& file : sources_below({"messages", "net", "smq", "actors"}))
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (std::regex_search(file.lines[i], banned)) CAF_ERROR(file.path << ":" << i + 1 << " " << file.lines[i]);
}

CAF_TEST(what is left to do is in an issue) {
  const std::regex marker("\\b(TO" "DO|FIX" "ME|XX" "X|HA" "CK)\\b");
  const std::regex issue("#[0-9]+");
  for (const auto& file : sources_below({"messages", "net", "smq", "actors", "tests", "cmake", "tools", "configs"},
                                        {".cpp", ".hpp", ".py", ".java", ".cmake", ".txt", ".toml", ""}))
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (std::regex_search(file.lines[i], marker) && !std::regex_search(file.lines[i], issue))
        CAF_ERROR(file.path << ":" << i + 1 << " " << file.lines[i]);
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
