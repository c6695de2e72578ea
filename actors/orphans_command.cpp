#include "actors/orphans_command.hpp"

#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/table.hpp"
#include "actors/cli/admin/words.hpp"
#include "actors/settings/cluster_options.hpp"
#include "smq/seaweedmq/orphans/sweep.hpp"

#include <ostream>

namespace tidegate::actors {

namespace {

using smq::seaweedmq::orphan;
using smq::seaweedmq::sweep_report;

constexpr int usage_error = 2;

std::int64_t now_s() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

/// "1 orphan", "2 orphans".
std::string count_of(std::size_t number, const std::string& what) {
  return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

std::string servers_of(const orphan& one) {
  std::string all;
  for (const auto& server : one.servers) all += (all.empty() ? "" : ",") + server;
  return all;
}

void print_table(const sweep_report& report, bool deletes, std::ostream& out) {
  cli::text_table table({"CHUNK", ">BYTES", ">AGE", "SERVERS", "STATE"});
  std::uint64_t bytes = 0;
  for (const auto& one : report.orphans) {
    const auto age_ms = 1000 * (now_s() - static_cast<std::int64_t>(one.uploaded));
    table.add({one.file_id, std::to_string(one.bytes), cli::duration_words(age_ms), servers_of(one),
               one.is_deleted ? "deleted" : deletes ? "not deleted" : "orphan"});
    bytes += one.bytes;
  }
  if (!table.is_empty()) table.print(out);
  out << count_of(report.orphans.size(), "orphan") << " with " << count_of(bytes, "byte") << " among "
      << count_of(report.needles, "chunk") << " in " << count_of(report.volumes, "volume") << "; "
      << report.entries << " entries of the filer were read\n"
      << "also without a name: " << report.young << " too young, " << report.foreign << " not ours\n";
  if (!deletes && !report.orphans.empty()) out << "nothing was deleted: --delete does it\n";
}

boost::json::object to_json(const orphan& one) {
  boost::json::array servers;
  for (const auto& server : one.servers) servers.push_back(cli::json_text(server));
  return {{"chunk", cli::json_text(one.file_id)},
          {"bytes", one.bytes},
          {"uploaded_ms", 1000 * one.uploaded},
          {"servers", std::move(servers)},
          {"deleted", one.is_deleted}};
}

void print_json(const sweep_report& report, std::ostream& out) {
  boost::json::array orphans;
  for (const auto& one : report.orphans) orphans.push_back(to_json(one));
  boost::json::array doubts;
  for (const auto& one : report.doubts) doubts.push_back(cli::json_text(one));
  const boost::json::object all{{"orphans", std::move(orphans)}, {"volumes", report.volumes},
                                {"chunks", report.needles},      {"entries", report.entries},
                                {"young", report.young},         {"foreign", report.foreign},
                                {"doubts", std::move(doubts)}};
  out << boost::json::serialize(all) << '\n';
}

}  // namespace

int run_orphans(const options& settings, std::chrono::seconds older_than, bool deletes, const cli::output& to) {
  if (settings.smq.masters.empty()) return to.report("orphans needs --masters, or smq.masters in the file"), usage_error;
  const smq::seaweedmq::sweep_options wanted{cluster_options(settings.smq), older_than, deletes};
  constexpr auto start_of_line = "\r\x1b[K";
  const auto report = sweep_orphans(wanted, [&](const std::string& what) {
    if (to.is_terminal) to.err << start_of_line << what << std::flush;
  });
  if (to.is_terminal) to.err << start_of_line << std::flush;
  const bool has_read = report.entries > 0 || report.volumes > 0;
  if (to.is_json) print_json(report, to.out);
  else if (has_read || report.doubts.empty()) print_table(report, deletes, to.out);  // else it says that all is well
  for (const auto& one : report.doubts) to.report(one);
  return report.doubts.empty() ? 0 : 1;
}

}  // namespace tidegate::actors
