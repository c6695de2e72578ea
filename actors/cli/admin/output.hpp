#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>

namespace tidegate::cli {

/// Where a command writes, and how.
struct output {
  std::ostream& out;       // tables, or the one JSON document
  std::ostream& err;       // one line per error
  bool is_json = false;
  bool is_terminal = false;  // whether `err` is one: then long work shows how far it is

  /// One line on `err`.
  void report(const std::string& line) const;

  /// Something that shows "WHAT 120/3000" with a bar on `err`, at most ten times a second; nothing when `err` is no
  /// terminal. The bar is gone after the last one.
  [[nodiscard]] std::function<void(std::size_t done)> progress(const std::string& what, std::size_t total) const;
};

/// A bar of 30 characters: "[#####                         ] 500/3000 groups".
std::string progress_bar(const std::string& what, std::size_t done, std::size_t total);

}  // namespace tidegate::cli
