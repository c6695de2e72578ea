#include "actors/store_commands.hpp"

#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/table.hpp"
#include "smq/embedded/doctor.hpp"
#include "smq/embedded/snapshot.hpp"

#include <ostream>

namespace tidegate::actors {

namespace {

using smq::embedded::examination;

boost::json::object to_json(const std::string& data_dir, const examination& found) {
  boost::json::array damage;
  for (const auto& one : found.damage)
    damage.push_back(boost::json::object{{"place", cli::json_text(one.place)}, {"what", cli::json_text(one.what)}});
  const auto text = [](const std::string& value) -> boost::json::value {
    return value.empty() ? boost::json::value(nullptr) : boost::json::value(cli::json_text(value));
  };
  const auto& tree = found.tree;
  return {{"data_dir", cli::json_text(data_dir)}, {"fine", found.is_fine()},
          {"start_refuses", text(found.start_refuses)}, {"torn_tail_at", text(found.cut_at)},
          {"torn_tail_bytes", found.cut_bytes}, {"volumes", found.volumes}, {"volume_bytes", found.volume_bytes},
          {"live_bytes", found.live_bytes}, {"lacks_index", found.lacks_index},
          {"replay_from", text(found.replay_from)}, {"replay_windows", found.replay_windows},
          {"replay_bytes", found.replay_bytes}, {"entries", found.entries}, {"chunks", found.chunks},
          {"topics", tree.topics}, {"partitions", tree.partitions}, {"segments", tree.segments},
          {"segment_bytes", tree.segment_bytes}, {"groups", tree.groups}, {"positions", tree.positions},
          {"damages", found.damages}, {"damage", std::move(damage)}};
}

std::string what_a_start_does(const examination& found) {
  if (!found.start_refuses.empty())
    return "refuse: " + found.start_refuses + (found.lacks_index ? "; the index is missing" : "");
  auto text = std::string{found.lacks_index ? "build the index, which is missing: " : ""} + "replay " +
              std::to_string(found.replay_windows) + " windows (" + std::to_string(found.replay_bytes) +
              " bytes) from " + found.replay_from;
  if (found.cut_bytes > 0) {
    text += ", after it dropped a torn tail of " + std::to_string(found.cut_bytes) + " bytes at " + found.cut_at +
            " that was never acknowledged";
  }
  return text;
}

void print(const examination& found, std::ostream& out) {
  cli::text_table table({"what", ">count", ">bytes"});
  const auto row = [&](const char* what, std::uint64_t count, std::string bytes) {
    table.add({what, std::to_string(count), std::move(bytes)});
  };
  row("volumes", found.volumes, std::to_string(found.volume_bytes));
  row("chunks", found.chunks, std::to_string(found.live_bytes));
  row("entries", found.entries, "");
  row("topics", found.tree.topics, "");
  row("partitions", found.tree.partitions, "");
  row("segment files", found.tree.segments, std::to_string(found.tree.segment_bytes));
  row("groups", found.tree.groups, "");
  row("positions", found.tree.positions, "");
  table.print(out);
  out << "\na start would " << cli::printable(what_a_start_does(found)) << '\n';
  for (const auto& one : found.damage)
    out << "damaged: " << cli::printable(one.place) << ": " << cli::printable(one.what) << '\n';
  if (found.damages > found.damage.size()) out << "… and " << found.damages - found.damage.size() << " more\n";
  out << (found.is_fine() ? "fine" : "damaged") << '\n';
}

}  // namespace

int run_doctor(const std::string& data_dir, const cli::output& to) {
  const auto found = smq::embedded::examine(data_dir);
  if (!found.refused.empty()) return to.report(found.refused), 2;
  if (to.is_json) {
    cli::json_list document("stores");
    document.add(to_json(data_dir, found));
    document.print(to.out);
  } else {
    print(found, to.out);
  }
  return found.is_fine() ? 0 : 1;
}

int run_snapshot(const std::string& data_dir, const std::string& target, const cli::output& to) {
  const auto made = smq::embedded::take_snapshot(data_dir, target);
  if (!made.error.empty()) return to.report(made.error), 1;
  if (to.is_json) {
    cli::json_list document("snapshots");
    document.add({{"target", cli::json_text(target)}, {"volumes", made.volumes}, {"linked_bytes", made.linked_bytes},
                  {"copied_bytes", made.copied_bytes}, {"last_window", made.last_window}});
    document.print(to.out);
    return 0;
  }
  to.out << cli::printable(target) << ": " << made.volumes << " volumes up to window " << made.last_window << ", "
         << made.linked_bytes << " bytes linked, " << made.copied_bytes << " copied\n";
  return 0;
}

}  // namespace tidegate::actors
