#include "tests/smq/seaweedmq/weed_server.hpp"

#include "smq/seaweedmq/entries.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tidegate::smq::testing {

namespace {

constexpr std::chrono::seconds start_timeout{120};  // 2 s on an idle machine

std::string weed_binary() {
  const auto* given = std::getenv("TIDEGATE_WEED");
  const std::string path = given != nullptr ? given : TIDEGATE_SOURCE_DIR "/build/venv/bin/weed";
  if (::access(path.c_str(), X_OK) != 0) CAF_FAIL("no weed binary at " << path << ": see tests/smq/requirements.txt");
  return path;
}

/// Ports that are free now. All are open at once, so that no two are the same.
std::array<int, 6> free_ports() {
  std::array<int, 6> sockets{};
  std::array<int, 6> ports{};
  for (std::size_t i = 0; i < ports.size(); ++i) {
    sockets[i] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(name);
    if (::bind(sockets[i], reinterpret_cast<sockaddr*>(&name), size) != 0 ||
        ::getsockname(sockets[i], reinterpret_cast<sockaddr*>(&name), &size) != 0)
      CAF_FAIL("no free port");
    ports[i] = ntohs(name.sin_port);
  }
  for (int s : sockets) ::close(s);
  return ports;
}

std::string tail_of(const std::string& file) {
  std::ifstream in{file};
  std::ostringstream all;
  all << in.rdbuf();
  const auto text = all.str();
  return text.substr(text.size() > 2000 ? text.size() - 2000 : 0);
}

}  // namespace

weed_server::weed_server() : ports_(free_ports()) {
  std::ofstream{home_.path("/security.toml")};  // found before one that the machine may have
  start();
  wait_until_it_serves();
}

std::string weed_server::address(std::size_t service) const {
  return "127.0.0.1:" + std::to_string(ports_[service]) + "." + std::to_string(ports_[service + 1]);
}

void weed_server::start() {
  const auto port = [this](std::size_t i) { return std::to_string(ports_[i]); };
  std::vector<std::string> words{weed_binary(), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=" + home_.path(),
                                 "-master.peers=none", "-master.telemetry=false", "-master.volumeSizeLimitMB=64",
                                 "-master.port=" + port(0), "-master.port.grpc=" + port(1), "-filer",
                                 "-filer.port=" + port(2), "-filer.port.grpc=" + port(3), "-volume.port=" + port(4),
                                 "-volume.port.grpc=" + port(5), "-volume.max=100"};
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto log = home_.path("/weed.log");
  const auto directory = home_.path();
  process_ = ::fork();
  if (process_ < 0) CAF_FAIL("cannot fork");
  if (process_ > 0) return;
  // Only async-signal-safe calls from here on: gRPC has threads.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  if (::chdir(directory.c_str()) == 0) ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

void weed_server::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void weed_server::pause() const { ::kill(process_, SIGSTOP); }

void weed_server::resume() const { ::kill(process_, SIGCONT); }

void weed_server::wait_until_it_serves() const {
  auto via = seaweedmq::filer::at(filer_address(), {});
  if (!via.is_ok()) CAF_FAIL(via.what.reason);
  const auto deadline = std::chrono::steady_clock::now() + start_timeout;
  std::string why;
  for (;;) {
    const auto ids = wait_for<result<seaweedmq::assigned_ids>>([&](auto done) {
      via.value->assign({}, std::chrono::steady_clock::now() + std::chrono::seconds{5}, std::move(done));
    });
    if (ids.is_ok()) return;
    if (std::chrono::steady_clock::now() > deadline)
      CAF_FAIL("weed does not serve: " << ids.what.reason << "\n" << tail_of(home_.path("/weed.log")));
    std::promise<void> never;
    never.get_future().wait_for(std::chrono::milliseconds{100});
  }
}

weed_server& shared_weed() {
  static weed_server server;
  return server;
}

}  // namespace tidegate::smq::testing
