#include "tests/smq/seaweedmq_http/weed_cluster.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>

namespace tidegate::smq::testing {

namespace {

constexpr std::chrono::seconds start_timeout{120};  // 3 s on an idle machine

std::string weed_binary() {
  const auto* given = std::getenv("TIDEGATE_WEED");
  const std::string path = given != nullptr ? given : TIDEGATE_SOURCE_DIR "/build/venv/bin/weed";
  if (::access(path.c_str(), X_OK) != 0) CAF_FAIL("no weed binary at " << path << ": see tests/smq/requirements.txt");
  return path;
}

sockaddr_in loopback(int port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  return name;
}

/// Ports that are free now. All are open at once, so that no two are the same.
std::vector<int> free_ports(std::size_t count) {
  std::vector<int> sockets;
  std::vector<int> ports;
  for (std::size_t i = 0; i < count; ++i) {
    sockets.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto name = loopback(0);
    socklen_t size = sizeof name;
    if (::bind(sockets.back(), reinterpret_cast<sockaddr*>(&name), size) != 0 ||
        ::getsockname(sockets.back(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
      CAF_FAIL("no free port");
    ports.push_back(ntohs(name.sin_port));
  }
  for (const int one : sockets) ::close(one);
  return ports;
}

/// The text between `before` and the next quote or comma.
std::string value_of(const std::string& text, const std::string& before, std::size_t from = 0) {
  const auto at = text.find(before, from);
  if (at == std::string::npos) return {};
  const auto begin = at + before.size();
  return text.substr(begin, text.find_first_of("\",}\r", begin) - begin);
}

}  // namespace

weed_cluster::weed_cluster(std::size_t volume_servers, std::string replication, const std::string& security)
  : replication_(std::move(replication)),
    ports_(free_ports(2 * (volume_servers + 1))),
    processes_(volume_servers + 1, -1) {
  std::ofstream{home_.path("/security.toml")} << security;  // found before one that the machine may have
  for (std::size_t i = 0; i <= volume_servers; ++i) {
    std::filesystem::create_directory(home_.path("/" + std::to_string(i)));
    start(i);
  }
  wait_until_it_serves();
}

weed_cluster::~weed_cluster() {
  for (std::size_t i = 0; i < processes_.size(); ++i) kill(i);
}

std::string weed_cluster::address(std::size_t server) const {
  return "127.0.0.1:" + std::to_string(ports_[2 * server]);
}

void weed_cluster::start(std::size_t server) {
  const auto number = std::to_string(server);
  std::vector<std::string> words{weed_binary(), server == 0 ? "master" : "volume", "-ip=127.0.0.1",
                                 "-ip.bind=127.0.0.1"};
  words.push_back("-port=" + std::to_string(ports_[2 * server]));
  words.push_back("-port.grpc=" + std::to_string(ports_[2 * server + 1]));
  if (server == 0) {
    for (const auto* word : {"-peers=none", "-telemetry=false", "-volumeSizeLimitMB=64"}) words.emplace_back(word);
    words.push_back("-mdir=" + home_.path("/0"));
  } else {
    words.push_back("-dir=" + home_.path("/" + number));
    words.emplace_back("-max=30");
    words.push_back("-master=" + address(0) + "." + std::to_string(ports_[1]));
  }
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto log = home_.path("/log" + number);
  const auto directory = home_.path();
  const auto child = ::fork();
  if (child < 0) CAF_FAIL("cannot fork");
  processes_[server] = child;
  if (child > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  if (::chdir(directory.c_str()) == 0) ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

void weed_cluster::kill(std::size_t server) {
  if (processes_[server] <= 0) return;
  ::kill(processes_[server], SIGKILL);
  ::waitpid(processes_[server], nullptr, 0);
  processes_[server] = -1;
}

void weed_cluster::wait_until_it_serves() const {
  const auto deadline = std::chrono::steady_clock::now() + start_timeout;
  for (;;) {
    const auto answer = http_get(address(0), "/dir/assign?replication=" + replication_);
    bool all = answer.find("\"fid\"") != std::string::npos;
    for (std::size_t i = 1; all && i < processes_.size(); ++i) all = !http_get(address(i), "/status").empty();
    if (all) return;
    if (std::chrono::steady_clock::now() > deadline) CAF_FAIL("weed does not serve: " << answer);
    std::promise<void> never;
    never.get_future().wait_for(std::chrono::milliseconds{50});
  }
}

std::string http_get(const std::string& address, const std::string& target) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto name = loopback(std::stoi(address.substr(address.rfind(':') + 1)));
  timeval patience{10, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string answer;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) {
    const auto request = "GET " + target + " HTTP/1.0\r\nHost: " + address + "\r\n\r\n";
    ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    std::array<char, 4096> room{};
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(socket, room.data(), room.size(), 0);
      if (got > 0) answer.append(room.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(socket);
  return answer;
}

void master_directory::assign(std::uint32_t count, std::uint64_t /*bytes_each*/, time_point,
                              completion<result<seaweedmq::id_batch>> done) {
  result<seaweedmq::id_batch> told;
  {
    const std::lock_guard lock(mutex_);
    if (!next_.empty()) {
      told.value = next_.front();
      next_.erase(next_.begin());
    }
  }
  if (told.value.first.empty()) {
    const auto answer = http_get(cluster_.address(0), "/dir/assign?count=" + std::to_string(count) +
                                                        "&replication=" + cluster_.replication());
    auto& ids = told.value;
    ids.first = value_of(answer, "\"fid\":\"").empty() ? "" : answer.substr(answer.find("\"fid\":\"") + 7);
    ids.first = ids.first.substr(0, ids.first.find('"'));  // it has a comma
    ids.server = value_of(answer, "\"url\":\"");
    ids.token = value_of(answer, "Authorization: Bearer ");
    if (ids.first.empty()) told.what = {status::unknown, "master: " + answer, 0};
    else ids.count = static_cast<std::uint32_t>(std::stoul(value_of(answer, "\"count\":")));
  }
  {
    const std::lock_guard lock(mutex_);
    last_ = told.value;
  }
  done(std::move(told));
}

void master_directory::locate(std::uint32_t volume, time_point, completion<result<std::vector<std::string>>> done) {
  const auto answer = http_get(cluster_.address(0), "/dir/lookup?volumeId=" + std::to_string(volume));
  const std::string key = "\"url\":\"";
  result<std::vector<std::string>> told;
  for (auto at = answer.find(key); at != std::string::npos; at = answer.find(key, at + 1))
    told.value.push_back(value_of(answer, key, at));
  if (answer.empty()) told.what = {status::unknown, "no master", 0};
  done(std::move(told));
}

void master_directory::give_next(seaweedmq::id_batch batch) {
  const std::lock_guard lock(mutex_);
  next_.push_back(std::move(batch));
}

seaweedmq::id_batch master_directory::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace tidegate::smq::testing
