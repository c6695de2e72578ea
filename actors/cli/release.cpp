#include "actors/cli/release.hpp"

#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/output.hpp"
#include "actors/cli/http_post.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace tidegate::cli {

struct release_command::given {
  const CLI::App* command = nullptr;
  std::string admin = "127.0.0.1:9094";  // admin.listen of a node
  std::string group;                     // or
  std::string topic;
  std::optional<std::int32_t> partition;  // nothing: all of the topic
  bool is_json = false;
};

namespace {

constexpr std::chrono::seconds patience{10};

struct address {
  std::string host;
  std::string port;
};

std::optional<address> address_of(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return address{host, text.substr(colon + 1)};
}

std::string escaped(const std::string& text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string made;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    made += '%';
    made += digits[byte >> 4U];
    made += digits[byte & 15U];
  }
  return made;
}

template <class Given>
std::string query_of(const Given& wanted) {
  if (!wanted.group.empty()) return "group=" + escaped(wanted.group);
  return "topic=" + escaped(wanted.topic) +
         (wanted.partition ? "&partition=" + std::to_string(*wanted.partition) : std::string());
}

template <class Given>
std::string outcome_of(const Given& wanted, std::int64_t released) {
  const auto what = wanted.group.empty() ? "topic " + wanted.topic : "group " + wanted.group;
  if (released == 0) return what + ": nothing was in quarantine";
  return what + ": released from quarantine" +
         (wanted.group.empty() ? " (partitions: " + std::to_string(released) + ")" : std::string());
}

}  // namespace

release_command::release_command(CLI::App& program) : given_(std::make_unique<given>()) {
  auto& into = *given_;
  auto& command = *program.add_subcommand(
    "release", "Let a group or partitions that crashed again and again start again, on one tidegate node");
  into.command = &command;
  command.add_option("--admin", into.admin, "HOST:PORT of the node's admin.listen")->capture_default_str();
  auto& what = *command.add_option_group("what", "What to release");
  what.require_option(1);
  const CLI::Validator is_name(
    [](const std::string& name) { return name.empty() ? std::string("is empty") : std::string(); }, "NAME");
  what.add_option("--group", into.group, "The group")->check(is_name);
  auto* topic = what.add_option("--topic", into.topic, "The topic")->check(is_name);
  command.add_option("--partition", into.partition, "Only this partition of it")->needs(topic)
    ->check(CLI::Range(0, std::numeric_limits<std::int32_t>::max()));
  command.add_flag("--json", into.is_json, "Print one JSON document");
  command.footer("--json prints {\"released\": how many were in quarantine}");
}

release_command::~release_command() = default;

std::optional<int> release_command::run() const {
  const auto& wanted = *given_;
  if (!wanted.command->parsed()) return std::nullopt;
  const output to{std::cout, std::cerr, wanted.is_json};
  const auto at = address_of(wanted.admin);
  if (!at) return to.report("--admin: " + wanted.admin + " is not HOST:PORT"), 2;
  http_answer answer;
  try {
    answer = http_post(at->host, at->port, "/release?" + query_of(wanted), {"Tidegate-Admin", "release"}, patience);
  } catch (const std::runtime_error& why) {
    return to.report(wanted.admin + ": " + why.what()), 1;
  }
  const auto& body = answer.body;
  if (answer.status != 200) return to.report(wanted.admin + ": " + body.substr(0, body.find('\n'))), 1;
  boost::system::error_code wrong;
  const auto document = boost::json::parse(body, wrong);
  const auto* object = wrong ? nullptr : document.if_object();
  const auto* released = object == nullptr ? nullptr : object->if_contains("released");
  if (released == nullptr || !released->is_int64())
    return to.report(wanted.admin + ": this is no admin port of tidegate"), 1;
  if (wanted.is_json)
    to.out << body;
  else
    to.out << outcome_of(wanted, released->get_int64()) << '\n';
  return 0;
}

}  // namespace tidegate::cli
