#include "actors/cli/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot to say that it is C
extern char** environ;
}

namespace tidegate::cli {

namespace {

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words) all.push_back(word.data());
  return all;
}

/// The child after the fork. Only async-signal-safe calls: librdkafka has threads.
[[noreturn]] void become(char* const* words, char* const* environment, const char* output, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before we asked
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(output, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (in >= 0 && out >= 0 && ::dup2(in, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
      ::dup2(out, STDERR_FILENO) >= 0) {
    ::close_range(3, ~0U, 0);
    ::execve(words[0], words, environment);
  }
  ::_exit(127);
}

}  // namespace

std::optional<child_process> child_process::start(const child_command& command, std::string& error) {
  auto words = command.words;
  auto added = command.environment;
  auto arguments = pointers_to(words);
  arguments.push_back(nullptr);
  auto environment = pointers_to(added);
  for (auto** one = environ; *one != nullptr; ++one) environment.push_back(*one);
  environment.push_back(nullptr);
  const auto parent = ::getpid();
  const auto process = ::fork();
  if (process == 0) become(arguments.data(), environment.data(), command.output.c_str(), parent);
  const int handle = process < 0 ? -1 : ::pidfd_open(process, 0);
  if (handle < 0) {
    error = "cannot start " + command.words.front() + ": " + std::generic_category().message(errno);
    if (process > 0) child_process(process, -1).kill();
    return std::nullopt;
  }
  ::setpgid(process, process);  // the child does the same: whoever comes first
  return child_process(process, handle);
}

child_process::child_process(child_process&& other) noexcept
    : process_(std::exchange(other.process_, -1)), handle_(std::exchange(other.handle_, -1)), code_(other.code_) {}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(process_, other.process_);
  std::swap(handle_, other.handle_);
  std::swap(code_, other.code_);
  return *this;
}

child_process::~child_process() {
  kill();
  if (handle_ >= 0) ::close(handle_);
}

void child_process::signal(int number) const {
  if (process_ > 0) ::kill(-process_, number);
}

bool child_process::ends_within(std::chrono::milliseconds limit) {
  if (process_ < 0) return true;
  pollfd ended{handle_, POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(limit.count())) <= 0) return false;
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

void child_process::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  signal(SIGKILL);
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace tidegate::cli
