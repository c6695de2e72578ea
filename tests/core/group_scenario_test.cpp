#define CAF_SUITE group_scenario
#include "tests/core/group_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace tidegate;

/// Runs tests/scenario/*.txt. A line is `command -> what happens`, separated by "; "; names stand for member ids.
///   join NAME [instance=I] [protocol=P] [metadata=M] [v4] · sync NAME [MEMBER=ASSIGNMENT]… · heartbeat NAME [gen=G]
///   leave NAME · commit NAME [gen=G] · commit - (a simple consumer) · delete · tick MS · store hold|ok|fail · restart
///   phase · generation (the stored one)
/// With TIDEGATE_REWRITE_SCENARIOS in the environment, what happens is written into the files instead, for review.
namespace {

std::string text_of(error_code e) {
  switch (e) {
    case error_code::none: return "none";
    case error_code::coordinator_not_available: return "coordinator_not_available";
    case error_code::illegal_generation: return "illegal_generation";
    case error_code::inconsistent_group_protocol: return "inconsistent_group_protocol";
    case error_code::unknown_member_id: return "unknown_member_id";
    case error_code::rebalance_in_progress: return "rebalance_in_progress";
    case error_code::member_id_required: return "member_id_required";
    case error_code::fenced_instance_id: return "fenced_instance_id";
    case error_code::non_empty_group: return "non_empty_group";
    case error_code::group_id_not_found: return "group_id_not_found";
    default: return std::to_string(static_cast<int>(e));
  }
}

using word_pairs = std::vector<std::pair<std::string, std::string>>;

class scenario {
 public:
  std::string run(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    std::string name;
    words >> command >> name;
    word_pairs with;
    for (std::string word; words >> word;) {
      const auto equals = word.find('=');
      with.emplace_back(word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1));
    }
    const auto direct = execute(command, name, with);
    auto out = replies();
    if (!direct.empty()) out.insert(out.begin(), direct);
    if (out.empty()) return f_.group.is_busy() ? "storing" : "waiting";
    std::string joined;
    for (const auto& part : out) joined += (joined.empty() ? "" : "; ") + part;
    return joined;
  }

 private:
  std::string execute(const std::string& command, const std::string& name, const word_pairs& with) {
    auto generation = generations_.contains(name) ? generations_[name] : -1;
    for (const auto& [key, value] : with) {
      if (key == "gen") generation = std::stoi(value);
    }
    if (command == "join") return join(name, with);
    if (command == "sync") return sync(name, with);
    if (command == "heartbeat") return text_of(f_.heartbeat(ids_[name], generation, instance_of(name)));
    if (command == "commit") return text_of(f_.commit(name == "-" ? "" : ids_[name], generation, instance_of(name)));
    if (command == "phase") return std::string(core::name_of(f_.group.phase()));
    if (command == "generation") return std::to_string(f_.group.stored().generation);
    if (command == "delete") erase_group();
    if (command == "tick") f_.advance(std::stoll(name));
    if (command == "leave") who_[f_.leave({{ids_[name], instance_of(name)}})] = name;
    if (command == "store") store(name);
    if (command == "restart") {
      f_.group = core::group(f_.disk, f_.options, f_.at());
      return "restarted";
    }
    return "";
  }

  std::string join(const std::string& name, const word_pairs& with) {
    auto r = group_fixture::join_request(ids_[name]);
    r.client_id = name;
    for (const auto& [key, value] : with) {
      if (key == "instance") instances_[name] = value;
      if (key == "protocol") r.protocols[0].name = value;
      if (key == "metadata") r.protocols[0].metadata = group_fixture::bytes(value);
      if (key == "v4") r.member_id_required = true;
    }
    r.instance_id = instance_of(name);
    who_[f_.last + 1] = name;
    f_.join(r);
    return "";
  }

  std::string sync(const std::string& name, const word_pairs& with) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const auto& [key, value] : with) rows.emplace_back(ids_[key], value);
    who_[f_.last + 1] = name;
    f_.sync(ids_[name], generations_[name], rows, instance_of(name));
    return "";
  }

  void erase_group() {
    who_[++f_.last] = "group";
    f_.take(f_.group.on_delete(f_.last, f_.at()));
  }

  void store(const std::string& what) {
    f_.stores_at_once = what == "ok";
    if (what == "ok" && f_.group.is_busy()) f_.stored();
    if (what == "fail") f_.store_failed(error_code::coordinator_not_available);
  }

  std::optional<std::string> instance_of(const std::string& name) {
    return instances_.contains(name) ? std::optional(instances_[name]) : std::nullopt;
  }

  std::string name_of(const std::string& id) {
    for (const auto& [name, known] : ids_) {
      if (known == id) return name;
    }
    return "?";
  }

  std::vector<std::string> replies() {
    for (const auto& [waiter, rows] : f_.answers) {  // names first: members of one round name each other
      const auto* joined = std::get_if<msg::join_group_result>(&rows.at(0));
      if (!joined) continue;
      if (!joined->member_id.empty()) ids_[who_[waiter]] = joined->member_id;
      if (joined->error == error_code::none) generations_[who_[waiter]] = joined->generation;
    }
    std::vector<std::string> out;
    for (const auto& [waiter, rows] : f_.answers) {
      CAF_CHECK_EQUAL(rows.size(), 1u);
      out.push_back(who_[waiter] + ": " + std::visit([&](const auto& r) { return text_of_reply(r); }, rows.at(0)));
    }
    f_.answers.clear();
    std::ranges::sort(out);
    return out;
  }

  std::string text_of_reply(error_code e) { return text_of(e); }

  std::string text_of_reply(const msg::join_group_result& r) {
    if (r.error != error_code::none) return text_of(r.error);
    auto out = "joined gen=" + std::to_string(r.generation) + " leader=" + name_of(r.leader);
    std::vector<std::string> names;
    for (const auto& m : r.members) names.push_back(name_of(m.member_id));
    std::ranges::sort(names);
    for (std::size_t i = 0; i < names.size(); ++i) out += (i == 0 ? " members=" : ",") + names[i];
    return out;
  }

  std::string text_of_reply(const msg::sync_group_result& r) {
    if (r.error != error_code::none) return text_of(r.error);
    return "assigned " + (r.assignment.empty() ? "nothing" : std::string(as_text(r.assignment)));
  }

  std::string text_of_reply(const msg::leave_group_result& r) {
    return "left " + text_of(r.error == error_code::none ? r.members.at(0) : r.error);
  }

  group_fixture f_;
  std::map<std::string, std::string> ids_;
  std::map<std::string, std::string> instances_;
  std::map<std::string, std::int32_t> generations_;
  std::map<core::waiter_key, std::string> who_;
};

/// Checks the file; returns it with what happened in place of what was expected.
std::string run_file(const std::filesystem::path& path, bool checks) {
  std::ifstream file(path);
  CAF_REQUIRE(file.is_open());
  scenario s;
  std::string happened;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') {
      happened += line + "\n";
      continue;
    }
    const auto arrow = line.find("->");
    if (arrow == std::string::npos) CAF_FAIL(path.filename().string() << ":" << number << ": no '->'");
    const auto start = line.find_first_not_of(' ', arrow + 2);
    const auto expected = start == std::string::npos ? std::string{} : line.substr(start);
    const auto got = s.run(line.substr(0, arrow));
    happened += line.substr(0, arrow) + "-> " + got + "\n";
    if (!checks) continue;
    if (got != expected) {
      CAF_ERROR(path.filename().string() << ":" << number << ": expected '" << expected << "', got '" << got << "'");
    }
    CAF_CHECK_EQUAL(got, expected);
  }
  return happened;
}

}  // namespace

CAF_TEST(the scenarios of the classic group) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TIDEGATE_SOURCE_DIR "/tests/scenario")) {
    if (entry.path().filename().string().starts_with("group_")) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  CAF_CHECK(!files.empty());
  const bool rewrites = std::getenv("TIDEGATE_REWRITE_SCENARIOS") != nullptr;
  for (const auto& path : files) {
    const auto happened = run_file(path, !rewrites);
    if (rewrites) std::ofstream(path) << happened;
  }
}
