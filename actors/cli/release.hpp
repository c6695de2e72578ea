#pragma once

#include <memory>
#include <optional>

namespace CLI {
class App;
}

namespace tidegate::cli {

/// `tidegate release`: a node lets a group, or partitions, that it keeps in quarantine start again.
class release_command {
 public:
  /// Adds the command to the program.
  explicit release_command(CLI::App& program);
  ~release_command();

  /// Runs it if it was parsed, says whether anything was in quarantine, and answers the exit code: 0 when the node did as
  /// it was told, 1 when not, 2 for an address that is none. Nothing: it was not parsed. Thread: main.
  std::optional<int> run() const;

 private:
  struct given;  // what the command line says
  std::unique_ptr<given> given_;
};

}  // namespace tidegate::cli
