#pragma once

#include <functional>
#include <memory>
#include <optional>

namespace CLI {
class App;
}

namespace tidegate::cli {

/// The operator's commands on the command line: `tidegate topics …`, `tidegate groups …`.
class admin_commands {
 public:
  /// Adds the commands to the program.
  explicit admin_commands(CLI::App& program);
  ~admin_commands();

  /// Runs the command that was parsed and answers its exit code; nothing when it is none of these.
  /// Thread: main.
  std::optional<int> run() const;

 private:
  struct given;  // what the command line says
  std::unique_ptr<given> given_;
};

}  // namespace tidegate::cli
