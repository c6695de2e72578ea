#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::cli {

/// What a child runs.
struct child_command {
  std::vector<std::string> words;        // the first is the path of the program
  std::vector<std::string> environment;  // "NAME=value", beside what this process has
  std::string output;                    // file that gets its stdout and stderr, appended
};

/// A process with a process group of its own. It dies by SIGKILL with its object, and by the kernel when the thread
/// that started it ends.
class child_process {
 public:
  /// Empty: the kernel refused, `error` says why. A program that cannot be run shows as exit code 127.
  /// Thread: the main thread.
  static std::optional<child_process> start(const child_command& command, std::string& error);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  ~child_process();

  /// Sends a signal to the whole group.
  void signal(int number) const;

  /// Waits for the end; true when it has ended.
  bool ends_within(std::chrono::milliseconds limit);

  /// SIGKILL to the group, and waits for the end.
  void kill();

  /// After the end: its exit code, or 128 + the signal that ended it.
  [[nodiscard]] int exit_code() const { return code_; }

 private:
  child_process(int process, int handle) : process_(process), handle_(handle) {}

  int process_ = -1;  // −1: has ended and was reaped
  int handle_ = -1;   // a pidfd
  int code_ = 0;
};

}  // namespace tidegate::cli
