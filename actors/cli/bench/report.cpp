#include "actors/cli/bench/report.hpp"

#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/table.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <ostream>

namespace tidegate::cli::bench {

namespace {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds_of_process() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::string digits_of(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", digits, number);
  return text;
}

}  // namespace

stopwatch::stopwatch() : started_(now_seconds()), cpu_(cpu_seconds_of_process()) {}

double stopwatch::seconds() const { return now_seconds() - started_; }

double stopwatch::cpu_seconds() const { return cpu_seconds_of_process() - cpu_; }

void report::add_json(const std::string& key, const std::string& value) {
  document_ += (document_.empty() ? "\"" : ", \"") + key + "\": " + value;
}

void report::add(const std::string& key, const std::string& title, const std::string& text) {
  add_json(key, boost::json::serialize(json_text(text)));
  titles_.push_back(title);
  cells_.push_back(text);
}

void report::add(const std::string& key, const std::string& title, std::int64_t number) {
  add_json(key, std::to_string(number));
  titles_.push_back(">" + title);
  cells_.push_back(std::to_string(number));
}

void report::add(const std::string& key, const std::string& title, double number, int digits) {
  add_json(key, digits_of(number, digits));
  titles_.push_back(">" + title);
  cells_.push_back(digits_of(number, digits));
}

void report::add(const std::string& key, const std::string& title, const latency_histogram& latencies) {
  const std::pair<const char*, std::chrono::nanoseconds> shown[] = {
    {"p50", latencies.at(0.5)}, {"p99", latencies.at(0.99)}, {"p999", latencies.at(0.999)}, {"max", latencies.max()}};
  std::string times;
  std::vector<std::string> row = {title, std::to_string(latencies.count())};
  for (const auto& [name, time] : shown) {
    row.push_back(digits_of(std::chrono::duration<double, std::milli>(time).count(), 3));
    times += (times.empty() ? "\"" : ", \"") + std::string(name) + "\": " + row.back();
  }
  add_json(key, "{" + times + "}");
  latencies_.push_back(std::move(row));
}

void report::print(const output& to) const {
  if (to.is_json) {
    to.out << '{' << document_ << "}\n";
    return;
  }
  text_table totals(titles_);
  totals.add(cells_);
  totals.print(to.out);
  text_table times({"LATENCY", ">COUNT", ">P50 MS", ">P99 MS", ">P99.9 MS", ">MAX MS"});
  for (const auto& row : latencies_) times.add(row);
  if (!times.is_empty()) times.print(to.out);
}

}  // namespace tidegate::cli::bench
