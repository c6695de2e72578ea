#include "actors/command_line.hpp"

#include "actors/cli/admin/commands.hpp"
#include "actors/cli/admin/completion.hpp"
#include "actors/cli/bench/commands.hpp"
#include "actors/cli/release.hpp"
#include "actors/cli/soak.hpp"
#include "actors/cli/soak_gateway.hpp"
#include "actors/gateway.hpp"
#include "actors/orphans_command.hpp"
#include "actors/settings/options.hpp"
#include "actors/store_commands.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <random>

namespace tidegate::actors {

namespace {

constexpr int usage_error = 2;

struct serve_flags {
  std::string config;
  std::vector<std::string> sets;
  std::vector<setting> flags;  // in table order; each only when given
};

bool report(const std::vector<std::string>& problems) {
  for (const auto& one : problems) std::cerr << "tidegate: " << one << '\n';
  return !problems.empty();
}

/// For --set.
std::string check_setting(const std::string& text) {
  return text.find('=') == std::string::npos ? '"' + text + "\" is not key=value" : std::string{};
}

void add_serve_flags(CLI::App& command, serve_flags& into) {
  command.add_option("--config", into.config, "TOML file, see configs/tidegate.toml");
  for (const auto& row : option_table()) {
    if (row.flag.empty()) continue;
    const auto keep = [&into, &row](const std::string& value) {
      into.flags.push_back({std::string(row.flag), std::string(row.key), value});
    };
    command.add_option_function<std::string>(std::string(row.flag), keep, std::string(row.help));
  }
  command.add_option("--set", into.sets, "key=value for any key of the TOML file, e.g. kafka.num.partitions=4")
    ->allow_extra_args(false)->check(check_setting);
}

std::vector<setting> settings_of(const serve_flags& given) {
  std::vector<setting> settings;
  for (const auto& one : given.sets) settings.push_back(parse_setting("--set", one));
  settings.insert(settings.end(), given.flags.begin(), given.flags.end());
  return settings;
}

int serve(const serve_flags& given) {
  const auto loaded = load_options(given.config, settings_of(given));
  if (report(loaded.problems)) return usage_error;
  return run_gateway(loaded.value, [&given] { return load_options(given.config, settings_of(given)); });
}

struct soak_flags {
  cli::soak_options wanted;
  serve_flags serve;
};

void add_soak_flags(CLI::App& command, soak_flags& into) {
  auto& wanted = into.wanted;
  const auto number = [&command](const char* name, auto& at, std::int64_t least, std::int64_t most, const char* help) {
    command.add_option(name, at, help)->check(CLI::Range(least, most))->capture_default_str();
  };
  number("--cycles", wanted.cycles, 1, 1'000'000'000, "How often the groups leave and come back");
  number("--groups", wanted.groups, 1, 10000, "Consumer groups");
  number("--partitions", wanted.partitions, 1, 1000, "Partitions of the topic that is created");
  number("--records", wanted.records, 0, 10'000'000, "Records of each cycle before the groups leave");
  number("--more", wanted.more, 0, 10'000'000, "Records of each cycle while they are away");
  command.add_option("--seed", wanted.seed, "Of everything random; also names topic and groups")
    ->default_function([] { return "random"; })->capture_default_str();
  command.add_option("--kill", wanted.kill,
                     "Shell command that kills something else and brings it back within 120 s, once per cycle; gets "
                     "TIDEGATE_SOAK_ROUND, _BROKERS, _TOPIC, _GATEWAY (up or down)");
  auto* brokers = command.add_option("--brokers", wanted.brokers,
                                     "host:port of a running gateway, which is not killed; default: one is started, "
                                     "with the options below");
  add_serve_flags(command, into.serve);
  for (const auto* one : {"--config", "--set"}) brokers->excludes(command.get_option(one));
  for (const auto& row : option_table())
    if (!row.flag.empty()) brokers->excludes(command.get_option(std::string(row.flag)));
}

/// The gateway of a soak has a port and a folder of its own, whatever the file says, unless the command line says more.
int soak(soak_flags given) {
  auto& wanted = given.wanted;
  if (wanted.seed == 0) wanted.seed = std::random_device{}();
  wanted.data_dir = "tidegate-soak-" + std::to_string(wanted.seed);
  std::vector<setting> settings = {
    {"soak", "listen", "127.0.0.1:" + std::to_string(cli::free_port())},
    {"soak", "admin.listen", "127.0.0.1:0"},
    {"soak", "data_dir", wanted.data_dir},
    {"soak", "kafka.group.initial.rebalance.delay.ms", "0"},  // groups have one member
  };
  const auto more = settings_of(given.serve);
  settings.insert(settings.end(), more.begin(), more.end());
  const auto loaded = load_options(given.serve.config, settings);
  if (report(loaded.problems)) return usage_error;
  host_port listen;
  if (!parse_host_port(loaded.value.listen, listen) || listen.port == 0)
    return report({"--listen: soak needs a port"}), usage_error;
  wanted.host = listen.host;
  wanted.port = listen.port;
  // What another run left is evidence.
  wanted.removes_data = wanted.brokers.empty() && wanted.data_dir == loaded.value.data_dir;
  if (wanted.removes_data && std::filesystem::exists(wanted.data_dir))
    return report({wanted.data_dir + " is there already: an earlier run of this seed kept it; move it away or remove it"}),
           usage_error;
  wanted.data_dir = loaded.value.data_dir;
  if (!given.serve.config.empty()) wanted.serve = {"--config", given.serve.config};
  for (const auto& one : settings) wanted.serve.insert(wanted.serve.end(), {"--set", one.key + "=" + one.value});
  return cli::run_soak(wanted);
}

struct store_flags {
  std::string data_dir;
  std::string target;
  bool is_json = false;
};

CLI::App* add_store_command(CLI::App& app, const char* name, const char* what, store_flags& into) {
  auto& command = *app.add_subcommand(name, what);
  command.add_option("dir", into.data_dir, "data_dir of a node (engine embedded)")->required()
    ->check(CLI::ExistingDirectory);
  command.add_flag("--json", into.is_json, "Print one JSON document");
  return &command;
}

constexpr std::int64_t max_older_than_s = std::int64_t{36'500} * 86'400;  // a typing error if it is more

struct orphans_flags {
  serve_flags where;
  std::int64_t older_than_s = 24 * 3600;
  bool deletes = false;
  bool is_json = false;
};

CLI::App* add_orphans_command(CLI::App& app, orphans_flags& into) {
  auto& command = *app.add_subcommand("orphans", "Show or delete uploads that killed gateways left on volume servers");
  const std::map<std::string, std::int64_t> units{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
  command.add_option("--older-than", into.older_than_s,
                     "Age of what may be an orphan, e.g. 36h; longer than any gateway was ever without its filer")
    ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED))->option_text("TIME [24h]");
  command.add_flag("--delete", into.deletes, "Delete them; without it they are only shown");
  command.add_flag("--json", into.is_json, "Print one JSON document");
  command.add_option("--config", into.where.config, "TOML file of a gateway, for its [smq]");
  command.add_option_function<std::string>(
    "--masters", [&into](const std::string& value) { into.where.flags.push_back({"--masters", "smq.masters", value}); },
    "Masters of the SeaweedFS cluster, host:port separated by commas");
  command.add_option("--set", into.where.sets, "key=value for any key of the TOML file, e.g. smq.tls_ca=ca.crt")
    ->allow_extra_args(false)->check(check_setting);
  command.footer(std::string("--json prints {") + orphans_keys + "}");
  return &command;
}

int orphans(const orphans_flags& given) {
  auto settings = settings_of(given.where);
  // Who names masters here means their cluster.
  if (std::ranges::count(settings, "smq.masters", &setting::key) > 0)
    settings.insert(settings.begin(), {"orphans", "smq.engine", "seaweedmq"});
  const auto loaded = load_options(given.where.config, settings);
  if (report(loaded.problems)) return usage_error;
  if (given.older_than_s < 1 || given.older_than_s > max_older_than_s)
    return report({"--older-than: at least 1s, at most 36500d"}), usage_error;
  const cli::output to{std::cout, std::cerr, given.is_json, isatty(STDERR_FILENO) != 0};
  return run_orphans(loaded.value, std::chrono::seconds{given.older_than_s}, given.deletes, to);
}

CLI::App* add_completion_command(CLI::App& app, std::string& shell) {
  auto* command = app.add_subcommand("completion", "Print a script that lets a shell complete words");
  command->add_option("shell", shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return command;
}

CLI::App* add_check_command(CLI::App& app, std::string& config) {
  auto* command = app.add_subcommand("check-config", "Report all problems of a TOML file");
  command->add_option("file", config, "the file")->required();
  return command;
}

/// The first word that names no command where one is needed; empty: there is none.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto* at = &app;
  for (const auto& word : arguments) {
    if (at->get_require_subcommand_min() == 0 || word.starts_with("-")) return {};
    const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
    const auto named = std::ranges::find_if(commands, [&](const CLI::App* one) { return one->check_name(word); });
    if (named == commands.end()) return word;
    at = *named;
  }
  return {};
}

/// Nothing: some command is to be run. Otherwise the exit code.
std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments) {
  if (const auto word = unknown_command(app, arguments); !word.empty())
    return report({"there is no command \"" + word + "\"; see --help"}), usage_error;
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    return std::nullopt;
  } catch (const CLI::ParseError& failure) {
    return app.exit(failure) == 0 ? 0 : usage_error;
  }
}

/// What a command printed is out, or it failed.
int printed(int code) {
  if (std::cout.flush()) return code;
  report({"standard output cannot be written"});
  return code != 0 ? code : 1;
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  CLI::App app{"A Kafka gateway that keeps records and consumer positions in SeaweedMQ.", "tidegate"};
  app.set_version_flag("--version", "tidegate " TIDEGATE_VERSION);
  app.require_subcommand(1);

  serve_flags flags;
  auto* serve_command = app.add_subcommand("serve", "Run a gateway node");
  add_serve_flags(*serve_command, flags);

  std::string config;
  auto* check_command = add_check_command(app, config);

  soak_flags soak_given;
  auto* soak_command = app.add_subcommand(
    "soak", "Check that consumer groups that were away resume exactly, while a gateway is killed again and again");
  add_soak_flags(*soak_command, soak_given);

  store_flags store_given;
  auto* doctor_command = add_store_command(
    app, "doctor", "Check all of a data directory, changing nothing: 0 fine, 1 damaged, 2 not looked at", store_given);
  auto* snapshot_command = add_store_command(
    app, "snapshot", "Copy a data directory, also while a node runs on it; full files become hard links", store_given);
  snapshot_command->add_option("target", store_given.target, "what is not there yet; a data_dir")->required();

  orphans_flags orphans_given;
  auto* orphans_command = add_orphans_command(app, orphans_given);
  const cli::admin_commands admin(app);
  const cli::bench_commands bench(app);
  const cli::release_command release(app);

  std::string shell;
  auto* completion_command = add_completion_command(app, shell);
  auto* print_command = app.add_subcommand("print-config", "Print every setting with its default as TOML");

  // What those scripts call; it gets words that nobody has finished, so it is no command like the others.
  if (!arguments.empty() && arguments.front() == "complete")
    return cli::print_completions(app, {arguments.begin() + 1, arguments.end()}), 0;

  if (const auto code = parse(app, arguments)) return *code;
  try {
    if (check_command->parsed()) return report(load_options(config, {}).problems) ? usage_error : 0;
    if (print_command->parsed()) return std::cout << options_as_toml({}), printed(0);
    if (serve_command->parsed()) return serve(flags);
    if (soak_command->parsed()) return soak(soak_given);
    const cli::output to{std::cout, std::cerr, store_given.is_json};
    if (doctor_command->parsed()) return printed(run_doctor(store_given.data_dir, to));
    if (snapshot_command->parsed()) return printed(run_snapshot(store_given.data_dir, store_given.target, to));
    if (orphans_command->parsed()) return printed(orphans(orphans_given));
    if (completion_command->parsed()) return std::cout << cli::completion_script(shell), printed(0);
    if (const auto code = admin.run()) return *code;
    if (const auto code = bench.run()) return *code;
    if (const auto code = release.run()) return printed(*code);
  } catch (const std::exception& failure) {
    report({failure.what()});
    return 1;
  }
  return usage_error;
}

}  // namespace tidegate::actors
