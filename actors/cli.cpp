#include "actors/cli.hpp"

#include "actors/gateway.hpp"
#include "actors/options.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>

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
    ->allow_extra_args(false);
}

int serve(const serve_flags& given) {
  std::vector<setting> settings;
  for (const auto& one : given.sets) settings.push_back(parse_setting("--set", one));
  settings.insert(settings.end(), given.flags.begin(), given.flags.end());
  const auto loaded = load_options(given.config, settings);
  if (report(loaded.problems)) return usage_error;
  return run_gateway(loaded.value);
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments) {
  CLI::App app{"A Kafka gateway that keeps records and consumer positions in SeaweedMQ.", "tidegate"};
  app.set_version_flag("--version", "tidegate " TIDEGATE_VERSION);
  app.require_subcommand(1);

  serve_flags flags;
  auto* serve_command = app.add_subcommand("serve", "Run a gateway node");
  add_serve_flags(*serve_command, flags);

  std::string config;
  auto* check_command = app.add_subcommand("check-config", "Report all problems of a TOML file");
  check_command->add_option("file", config, "the file")->required();

  auto* print_command = app.add_subcommand("print-config", "Print every setting with its default as TOML");

  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& failure) {
    return app.exit(failure) == 0 ? 0 : usage_error;
  }
  try {
    if (check_command->parsed()) return report(load_options(config, {}).problems) ? usage_error : 0;
    if (print_command->parsed()) return std::cout << options_as_toml({}), 0;
    if (serve_command->parsed()) return serve(flags);
  } catch (const std::exception& failure) {
    report({failure.what()});
    return 1;
  }
  return usage_error;
}

}  // namespace tidegate::actors
