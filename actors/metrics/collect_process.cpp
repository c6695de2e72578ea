// The process, and what it was told.
#include "actors/metrics/collect.hpp"
#include "net/counters.hpp"
#include "smq/counters.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace tidegate::actors {

namespace {

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

double open_files() {
  std::error_code failed;
  std::filesystem::directory_iterator all("/proc/self/fd", failed);
  // One of them is that of this look.
  return failed ? 0 : static_cast<double>(std::distance(begin(all), end(all)) - 1);
}

/// Seconds since 1970: the boot, and the ticks after it at which the process started.
double start_seconds() {
  std::ifstream boot("/proc/stat");
  double booted = 0;
  for (std::string word; boot >> word;)
    if (word == "btime") boot >> booted;
  std::ifstream file("/proc/self/stat");
  std::string all((std::istreambuf_iterator<char>(file)), {});
  all.erase(0, all.rfind(')') + 1);  // a name may hold anything
  double ticks = 0;
  constexpr int start_time_field = 20;  // behind the name
  std::size_t at = 0;
  for (int i = 0; i < start_time_field && at != std::string::npos; ++i) at = all.find(' ', at + (i > 0 ? 1 : 0));
  if (at != std::string::npos) ticks = std::strtod(all.c_str() + at, nullptr);
  return booted + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

void add_process(metric_page& page) {
  static const double started = start_seconds();
  page.add("process_resident_memory_bytes", resident_bytes());
  page.add("process_cpu_seconds_total", cpu_seconds());
  page.add("process_open_fds", open_files());
  page.add("process_start_time_seconds", started);
  page.add("tidegate_build_info", 1, {TIDEGATE_VERSION});
}

void add_limits(metric_page& page, const options& settings) {
  auto values = settings;
  for (const auto& row : option_table()) {
    const auto* number = std::get_if<option_row::int_at>(&row.at);
    if (number == nullptr || row.unit.empty()) continue;
    page.add("tidegate_limit", static_cast<double>((*number)(values)), {row.key});
  }
  page.add("tidegate_limit_used", net::counted.connections, {"kafka.max.connections"});
  page.add("tidegate_limit_used", smq::counted.read_ahead_held, {"limits.read_ahead_bytes"});
}

void add_all(metric_page& page, const options& settings, bool is_healthy) {
  page.add("tidegate_healthy", is_healthy ? 1.0 : 0.0);
  add_requests(page);
  add_groups(page);
  add_records(page);
  add_trouble(page);
  add_store(page);
  add_process(page);
  add_limits(page, settings);
}

}  // namespace tidegate::actors
