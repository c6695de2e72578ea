#pragma once

#include "actors/cli/admin/output.hpp"
#include "actors/cli/bench/latency.hpp"

#include <string>
#include <vector>

namespace tidegate::cli::bench {

/// How long a load ran, and the processor time that this process took for it.
class stopwatch {
 public:
  stopwatch();
  [[nodiscard]] double seconds() const;
  [[nodiscard]] double cpu_seconds() const;

 private:
  double started_, cpu_;
};

/// What a load measured, in the order in which it is shown: one row of a table, or one JSON object.
class report {
 public:
  /// `title`: of the table's column. Numbers are shown with `digits` digits behind the point.
  void add(const std::string& key, const std::string& title, const std::string& text);
  void add(const std::string& key, const std::string& title, std::int64_t number);
  void add(const std::string& key, const std::string& title, double number, int digits);

  /// In milliseconds: median, 99 % and 99.9 % of all are not above it, maximum. Each kind is a row of a table of its own.
  void add(const std::string& key, const std::string& title, const latency_histogram& latencies);

  void print(const output& to) const;

 private:
  void add_json(const std::string& key, const std::string& value);

  std::string document_;  // without its braces
  std::vector<std::string> titles_, cells_;
  std::vector<std::vector<std::string>> latencies_;
};

}  // namespace tidegate::cli::bench
