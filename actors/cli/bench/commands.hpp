#pragma once

#include <memory>
#include <optional>

namespace CLI {
class App;
}

namespace tidegate::cli {

/// `tidegate bench …` on the command line.
class bench_commands {
 public:
  /// Adds the commands to the program.
  explicit bench_commands(CLI::App& program);
  ~bench_commands();

  /// Runs the command that was parsed and answers its exit code; nothing when it is none of these.
  /// Thread: main.
  std::optional<int> run() const;

 private:
  struct given;  // what the command line says
  std::unique_ptr<given> given_;
};

}  // namespace tidegate::cli
