#include "actors/cli/release.hpp"

#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/output.hpp"

#include <CLI/CLI.hpp>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

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

constexpr timeval patience{10, 0};  // for each step
constexpr std::size_t longest_answer = 65536;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::system_category().message(errno));
}

class socket_handle {
 public:
  explicit socket_handle(int number) : number_(number) {}
  ~socket_handle() { close(); }
  socket_handle(const socket_handle&) = delete;
  socket_handle& operator=(const socket_handle&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  void open(const addrinfo& at) {
    close();
    number_ = ::socket(at.ai_family, at.ai_socktype, at.ai_protocol);
    if (number_ < 0) return;
    ::setsockopt(number_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // of connect(), too
    ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(number_, at.ai_addr, at.ai_addrlen) != 0) close();
  }

 private:
  void close() {
    const auto why = errno;
    if (number_ >= 0) ::close(number_);
    number_ = -1;
    errno = why;
  }

  int number_ = -1;
};

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

/// Sends the bytes and reads until the other side closes.
std::string exchange(const std::string& where, const std::string& request) {
  const auto at = address_of(where).value();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const auto code = ::getaddrinfo(at.host.c_str(), at.port.c_str(), &hints, &found); code != 0)
    throw std::runtime_error(where + ": " + ::gai_strerror(code));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned{found, ::freeaddrinfo};
  socket_handle to{-1};
  for (const auto* one = found; one != nullptr && !to.is_open(); one = one->ai_next) to.open(*one);
  if (!to.is_open()) fail(where);
  for (std::size_t sent = 0; sent < request.size();) {
    const auto count = ::send(to.number(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (count < 0) fail(where);
    sent += static_cast<std::size_t>(count);
  }
  std::string answer;
  for (std::array<char, 4096> part{}; answer.size() < longest_answer;) {
    const auto count = ::recv(to.number(), part.data(), part.size(), 0);
    if (count < 0) fail(where);
    if (count == 0) break;
    answer.append(part.data(), static_cast<std::size_t>(count));
  }
  return answer;
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
  if (!address_of(wanted.admin)) return to.report("--admin: " + wanted.admin + " is not HOST:PORT"), 2;
  const auto request = "POST /release?" + query_of(wanted) + " HTTP/1.1\r\nHost: " + wanted.admin +
                       "\r\nTidegate-Admin: release\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  const auto answer = exchange(wanted.admin, request);
  const auto body_at = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || body_at == std::string::npos)
    return to.report(wanted.admin + ": this is no admin port of tidegate"), 1;
  const auto body = answer.substr(body_at + 4);
  if (!answer.starts_with("HTTP/1.1 200 "))
    return to.report(wanted.admin + ": " + body.substr(0, body.find('\n'))), 1;
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
