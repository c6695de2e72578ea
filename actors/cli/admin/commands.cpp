#include "actors/cli/admin/commands.hpp"

#include "actors/cli/admin/cluster_groups.hpp"
#include "actors/cli/admin/group_commands.hpp"
#include "actors/cli/admin/reset_command.hpp"
#include "actors/cli/admin/run_command.hpp"
#include "actors/cli/admin/topic_commands.hpp"
#include "actors/cli/admin/words.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <limits>

namespace tidegate::cli {

namespace {

constexpr auto largest = std::numeric_limits<std::int64_t>::max();

// What --json prints, for the help. Numbers are null, and texts empty, where there is nothing to say.
constexpr auto topic_list_keys = R"("topics": [{"topic", "partitions", "records", "log_start", "log_end", "unknown"}])";
constexpr auto topic_keys = R"("topics": [{"topic", "partitions": [{"partition", "leader", "replicas": [], )"
                            R"("in_sync": [], "log_start", "log_end", "records", "error"}], "configs": {NAME: VALUE}}])";
constexpr auto topic_create_keys = R"("topics": [{"topic", "created"}])";
constexpr auto topic_alter_keys = R"("topics": [{"topic", "altered"}])";
constexpr auto topic_delete_keys = R"("topics": [{"topic", "deleted", "error"}])";
constexpr auto group_list_keys = R"("groups": [{"group", "state", "simple"}])";
constexpr auto group_keys =
  R"("groups": [{"group", "state", "protocol", "coordinator", "members": [{"member_id", "instance_id", "client_id", )"
  R"("host", "partitions": [{"topic", "partition"}]}], "partitions": [{"topic", "partition", "committed", )"
  R"("log_start", "log_end", "lag", "next_record_ms", "age_ms", "metadata", "member_id", "note"}]}])";
constexpr auto group_lag_keys = R"("groups": [{"group", "state", "partitions", "lag", "unknown", "age_ms"}])";
constexpr auto group_reset_keys = R"("groups": [{"group", "executed", "partitions": [{"topic", "partition", )"
                                  R"("committed", "new", "log_start", "log_end", "note", "error"}]}])";
constexpr auto group_delete_keys = R"("groups": [{"group", "deleted", "error"}])";

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::pair<std::string, std::string> config_of(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw CLI::ValidationError("--config", text + " is not KEY=VALUE");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::string removed_config_of(const std::string& text) {
  if (text.empty() || text.find('=') != std::string::npos)
    throw CLI::ValidationError("--delete-config", text + " is not KEY");
  return text;
}

topic_choice choice_of(const std::string& text) {
  const auto choice = parse_topic_choice(text);
  if (!choice) throw CLI::ValidationError("--topic", text + " is not TOPIC or TOPIC:PARTITION,…");
  return *choice;
}

}  // namespace

struct admin_commands::given {
  cluster_options where;
  bool is_json = false;
  bool names_only = false;
  std::vector<std::string> names;  // of topics or groups
  new_topic created;
  topic_changes altered;
  group_list_options group_list;
  group_lag_options group_lag;
  group_reset_options reset;
  cluster_command chosen;

  /// `keys`: of the JSON document, for the help.
  CLI::App& leaf(CLI::App& parent, const std::string& name, const std::string& help, const std::string& keys,
                 const cluster_command& action) {
    auto& one = *parent.add_subcommand(name, help);
    one.footer("--json prints {" + keys + "}");
    one.add_option("--bootstrap", where.bootstrap, "HOST:PORT[,…] of any Kafka broker")->capture_default_str();
    one.add_option("--timeout", where.timeout_ms, "Milliseconds that one answer may take")
      ->check(CLI::Range(std::int64_t{1}, longest_timeout_ms))->capture_default_str();
    one.add_option("--command-config", where.config_file, "File of librdkafka properties, KEY=VALUE (TLS, SASL …)");
    one.add_flag("--json", is_json, "Print one JSON document");
    one.callback([this, action] { chosen = action; });
    return one;
  }

  void add_topics(CLI::App& program) {
    auto& topics = *program.add_subcommand("topics", "Topics of a cluster: list, describe, create, alter, delete");
    topics.require_subcommand(1);
    auto& list = leaf(topics, "list", "All topics, and how many records they hold", topic_list_keys,
                      [this](auto& at, auto& to) { return run_topic_list(at, names_only, to); });
    list.add_flag("--names", names_only, "One name a line and nothing else");
    auto& describe = leaf(topics, "describe", "Per partition leader, start and end; configs that are not the default",
                          topic_keys,
                          [this](auto& at, auto& to) { return run_topic_describe(at, names, to); });
    describe.add_option("topic", names, "Topics")->required();
    auto& create = leaf(topics, "create", "Create a topic", topic_create_keys,
                        [this](auto& at, auto& to) { return run_topic_create(at, created, to); });
    create.add_option("topic", created.topic, "Its name")->required();
    create.add_option("--partitions", created.partitions, "Default: the broker's num.partitions")
      ->check(CLI::Range(1, 1'000'000));
    create.add_option("--replication", created.replication, "Default: the broker's default.replication.factor")
      ->check(CLI::Range(1, 1000));
    const auto add_config = [this](const std::string& text) { created.configs.push_back(config_of(text)); };
    create.add_option_function<std::string>("--config", add_config, "KEY=VALUE, e.g. retention.ms=60000")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->trigger_on_parse();
    add_alter(topics);
    auto& remove = leaf(topics, "delete", "Delete topics with their records and everybody's positions in them",
                        topic_delete_keys,
                        [this](auto& at, auto& to) { return run_topic_delete(at, names, to); });
    remove.add_option("topic", names, "Topics")->required();
  }

  void add_alter(CLI::App& topics) {
    auto& one = leaf(topics, "alter", "Change configs of a topic, and add partitions; what is not named stays",
                     topic_alter_keys, [this](auto& at, auto& to) { return run_topic_alter(at, altered, to); });
    one.add_option("topic", altered.topic, "The topic")->required();
    auto& changes = *one.add_option_group("changes", "What to change");
    changes.require_option();
    const auto set = [this](const std::string& text) {
      auto [name, value] = config_of(text);
      altered.configs.push_back({std::move(name), std::move(value)});
    };
    changes.add_option_function<std::string>("--config", set,
                                             "KEY=VALUE, e.g. retention.ms=60000; only without TLS and SASL")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->trigger_on_parse();
    const auto remove = [this](const std::string& text) {
      altered.configs.push_back({removed_config_of(text), std::nullopt});
    };
    changes.add_option_function<std::string>("--delete-config", remove,
                                             "KEY: the broker's default counts again; only without TLS and SASL")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->trigger_on_parse();
    changes.add_option("--partitions", altered.partitions, "So many in all, more than there are")
      ->check(CLI::Range(1, 1'000'000));
  }

  void add_groups(CLI::App& program) {
    auto& groups = *program.add_subcommand("groups", "Consumer groups of a cluster: positions, lag, members");
    groups.require_subcommand(1);
    auto& list = leaf(groups, "list", "All groups and their states", group_list_keys,
                      [this](auto& at, auto& to) { return run_group_list(at, group_list, to); });
    list.add_option("--state", group_list.state, "Only groups in this state")
      ->transform(CLI::IsMember(group_states(), CLI::ignore_case));
    list.add_flag("--names", group_list.names_only, "One name a line and nothing else");
    auto& describe = leaf(groups, "describe", "State, members, and per partition position and lag", group_keys,
                          [this](auto& at, auto& to) { return run_group_describe(at, names, to); });
    describe.add_option("group", names, "Groups")->required();
    auto& lag = leaf(groups, "lag", "How far groups are behind, all partitions together", group_lag_keys,
                     [this](auto& at, auto& to) { return run_group_lag(at, group_lag, to); });
    lag.add_option("group", group_lag.groups, "Groups; default: all");
    lag.add_flag("!--no-age", group_lag.with_age, "Do not read the next record to tell how old it is");
    add_reset(groups);
    auto& remove = leaf(groups, "delete", "Delete groups without members, with their positions", group_delete_keys,
                        [this](auto& at, auto& to) { return run_group_delete(at, names, to); });
    remove.add_option("group", names, "Groups")->required();
  }

  void add_reset(CLI::App& groups) {
    auto& one = leaf(groups, "reset", "Show where positions would move, or move them; only while there are no members",
                     group_reset_keys,
                     [this](auto& at, auto& to) { return run_group_reset(at, reset, to); });
    one.add_option("group", reset.group, "The group")->required();
    auto& topics = *one.add_option_group("topics", "Which partitions");
    topics.require_option(1);
    const auto add_topic = [this](const std::string& text) { reset.topics.push_back(choice_of(text)); };
    topics.add_option_function<std::string>("--topic", add_topic, "TOPIC, or TOPIC:PARTITION,… as in orders:0,4-7")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->trigger_on_parse();
    topics.add_flag("--all-topics", reset.has_all_topics, "Every partition that the group has a position in");
    auto& targets = *one.add_option_group("targets", "Where to");
    targets.require_option(1);
    add_targets(targets);
    one.add_flag("--execute", reset.executes, "Do it; without this nothing is changed");
  }

  void add_targets(CLI::App& targets) {
    const auto flag = [&](const char* name, reset_target target, const char* help) {
      targets.add_flag_callback(name, [this, target] { reset.rule = {target, 0}; }, help);
    };
    const auto number = [&](const char* name, reset_target target, std::int64_t least, const char* help) {
      targets.add_option_function<std::int64_t>(
        name, [this, target](const std::int64_t& value) { reset.rule = {target, value}; }, help)
        ->check(CLI::Range(least, largest));
    };
    using reader = std::optional<std::int64_t> (*)(const std::string&);
    const auto instant = [&](const char* name, reader ms_of, const char* help) {
      const auto set = [this, name, ms_of](const std::string& text) {
        const auto ms = ms_of(text);
        if (!ms) throw CLI::ValidationError(name, text + " is not in ISO 8601's form, or out of range");
        reset.rule = {reset_target::time, *ms};
      };
      targets.add_option_function<std::string>(name, set, help);
    };
    flag("--to-earliest", reset_target::earliest, "The first record that is there");
    flag("--to-latest", reset_target::latest, "Behind the last record");
    flag("--to-current", reset_target::current, "Where it is; the end where it has no position");
    number("--to-offset", reset_target::offset, 0, "This offset");
    number("--shift-by", reset_target::shift, -largest, "So many records further; back when negative");
    instant("--to-datetime", [](const std::string& text) { return parse_iso_time(text); },
            "The first record at or after YYYY-MM-DDTHH:MM:SS[.fff][Z|±HH:MM]; UTC without a zone");
    instant("--by-duration",
            [](const std::string& text) {
              const auto ms = parse_iso_duration(text);
              return ms ? std::optional(now_ms() - *ms) : std::nullopt;
            },
            "The first record that is not older than PnDTnHnMnS");
  }
};

admin_commands::admin_commands(CLI::App& program) : given_(std::make_unique<given>()) {
  given_->add_topics(program);
  given_->add_groups(program);
}

admin_commands::~admin_commands() = default;

std::optional<int> admin_commands::run() const {
  if (!given_->chosen) return std::nullopt;
  return run_command(given_->chosen, given_->where, given_->is_json);
}

}  // namespace tidegate::cli
