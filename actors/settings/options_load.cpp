#include "actors/settings/options.hpp"

#include <arpa/inet.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>
#include <sstream>
#include <system_error>

namespace tidegate::actors {

namespace {

/// A numeric address, or localhost: listening asks no name server.
bool can_listen_on(const std::string& host) {
  in6_addr address{};
  const auto without_scope = host.substr(0, host.find('%'));
  return host == "localhost" || inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, without_scope.c_str(), &address) == 1;
}

const option_row* find_row(std::string_view key) {
  const auto rows = option_table();
  const auto found = std::ranges::find(rows, key, &option_row::key);
  return found == rows.end() ? nullptr : &*found;
}

/// Levenshtein: how many letters to insert, drop or change.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, changed});
    }
  }
  return row.back();
}

/// "; did you mean X?", or nothing when no key is like it.
std::string suggestion(std::string_view key) {
  const auto rows = option_table();
  const auto bare = [](std::string_view name) { return name.substr(0, 6) == "kafka." ? name.substr(6) : name; };
  const auto distance = [&](const option_row& row) {
    // A Kafka name at the top level is the likeliest mistake of all.
    return std::min(edit_distance(key, row.key), 1 + edit_distance(key, bare(row.key)));
  };
  const auto nearest = std::ranges::min_element(rows, {}, distance);
  return 2 * distance(*nearest) <= key.size() ? "; did you mean " + std::string(nearest->key) + "?" : "";
}

/// As SeaweedFS writes a server: host:port, or host:port.port of gRPC.
bool is_server(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto ports = text.substr(colon + 1);
  const auto dot = std::min(ports.find('.'), ports.size());
  const auto is_port = [](std::string_view port) {
    return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return is_port(ports.substr(0, dot)) && (dot == ports.size() || is_port(ports.substr(dot + 1)));
}

/// Collects every problem of one load, each as "<where>: <key> <what>".
class loader {
 public:
  explicit loader(loaded_options& into) : into_(into) {}

  void read_toml(std::string_view content, const std::string& name) {
    try {
      const auto table = toml::parse(content, name);
      walk(table, "", name);
    } catch (const toml::parse_error& failure) {
      problem(place(name, failure.source()), std::string(failure.description()));
    }
  }

  void apply(const setting& one) {
    const auto* row = known(one.source, one.key);
    if (row == nullptr) return;
    if (std::holds_alternative<option_row::text_at>(row->at)) return put(*row, one.source, one.value);
    if (std::holds_alternative<option_row::bool_at>(row->at)) {
      if (one.value == "true" || one.value == "false") return put(*row, one.source, one.value == "true");
      return problem(one.source, one.key + " must be true or false, not \"" + one.value + '"');
    }
    std::int64_t number = 0;
    const auto* last = one.value.data() + one.value.size();
    const auto [end, failed] = std::from_chars(one.value.data(), last, number);
    if (one.value.empty() || failed != std::errc{} || end != last) {
      return problem(one.source, one.key + " must be a whole number, not \"" + one.value + '"');
    }
    put(*row, one.source, number);
  }

  void problem(const std::string& where, const std::string& what) { into_.problems.push_back(where + ": " + what); }

  /// What no single key can tell.
  void check_together() {
    const auto& kafka = into_.value.kafka;
    if (kafka.group_min_session_timeout_ms > kafka.group_max_session_timeout_ms) {
      problem("config", "kafka.group.min.session.timeout.ms is greater than kafka.group.max.session.timeout.ms");
    }
    if (kafka.message_max_bytes > kafka.socket_request_max_bytes) {
      problem("config", "kafka.message.max.bytes is greater than kafka.socket.request.max.bytes");
    }
    // Every record would be too old at once. Source: Kafka's KafkaConfig.
    if (kafka.log_retention_ms == 0) problem("config", "kafka.log.retention.ms is -1 or at least 1");
    check_listeners();
    check_store();
  }

 private:
  void check_store() {
    const auto& smq = into_.value.smq;
    if (smq.engine == "seaweedmq" && smq.masters.empty() && smq.filer.empty()) {
      problem("config", "smq.engine = \"seaweedmq\" needs smq.masters or smq.filer");
    }
    if (smq.engine == "embedded" && !(smq.masters.empty() && smq.filer.empty()))
      problem("config", "smq.masters and smq.filer are for smq.engine = \"seaweedmq\"; this one is \"embedded\"");
    if (smq.tls_ca.empty() != smq.tls_cert.empty() || smq.tls_ca.empty() != smq.tls_key.empty()) {
      problem("config", "smq.tls_ca, smq.tls_cert and smq.tls_key are only used together");
    }
    const bool names_https_files = !smq.https_ca.empty() || !smq.https_cert.empty() || !smq.https_key.empty();
    if (names_https_files && !smq.https) problem("config", "smq.https_ca, _cert and _key are for smq.https = true");
    if (smq.https && smq.https_ca.empty() && smq.tls_ca.empty()) {
      problem("config", "smq.https needs smq.https_ca or smq.tls_ca");
    }
    if (smq.https_cert.empty() != smq.https_key.empty()) {
      problem("config", "smq.https_cert and smq.https_key are only used together");
    }
    check_servers("smq.masters", smq.masters);
    check_servers("smq.filer", smq.filer);
    const bool is_placement = smq.replication.size() == 3 &&
                              smq.replication.find_first_not_of("0123456789") == std::string::npos;
    if (!smq.replication.empty() && !is_placement)
      problem("config", "smq.replication = \"" + smq.replication + "\" is no placement of SeaweedFS, as 010");
  }

  void check_servers(const std::string& key, std::string_view list) {
    for (std::size_t at = 0; at < list.size();) {
      const auto comma = std::min(list.find(',', at), list.size());
      const auto one = list.substr(at, comma - at);
      if (!is_server(one)) problem("config", key + ": \"" + std::string(one) + "\" is not host:port");
      at = comma + 1;
    }
  }

  void check_listeners() {
    const auto& all = into_.value;
    for (const auto& [key, text] : {std::pair{"listen", &all.listen}, std::pair{"admin.listen", &all.admin.listen}}) {
      host_port where;
      if (!parse_host_port(*text, where) || can_listen_on(where.host)) continue;
      problem("config", std::string(key) + " needs an IP address or localhost; names are for advertised.listener");
    }
    host_port clients, operators;
    if (parse_host_port(all.listen, clients) && parse_host_port(all.admin.listen, operators) && clients.port != 0 &&
        clients.port == operators.port && clients.host == operators.host)
      problem("config", "listen and admin.listen are the same");
    host_port told;
    parse_host_port(all.advertised_listener.empty() ? all.listen : all.advertised_listener, told);
    if (told.host == "0.0.0.0" || told.host == "::")
      problem("config", "clients cannot connect to " + told.host + ": set advertised.listener to what they can reach");
  }

  static std::string place(const std::string& name, const toml::source_region& region) {
    return name + ":" + std::to_string(region.begin.line);
  }

  void walk(const toml::table& table, const std::string& prefix, const std::string& name) {
    for (const auto& [key, node] : table) {
      const auto path = prefix.empty() ? std::string(key.str()) : prefix + "." + std::string(key.str());
      if (const auto* inner = node.as_table()) {
        walk(*inner, path, name);
        continue;
      }
      auto where = place(name, inner_source(key, node));
      if (const auto [first, is_new] = set_at_.emplace(path, where); !is_new)
        problem(where, path + " was set before, at " + first->second);
      read(path, node, where);
    }
  }

  static const toml::source_region& inner_source(const toml::key& key, const toml::node& node) {
    return key.source().begin.line > 0 ? key.source() : node.source();
  }

  void read(const std::string& key, const toml::node& node, const std::string& where) {
    const auto* row = known(where, key);
    if (row == nullptr) return;
    if (std::holds_alternative<option_row::text_at>(row->at)) {
      const auto* value = node.as_string();
      return value != nullptr ? put(*row, where, value->get()) : problem(where, key + " must be a \"string\"");
    }
    if (std::holds_alternative<option_row::bool_at>(row->at)) {
      const auto* value = node.as_boolean();
      return value != nullptr ? put(*row, where, value->get()) : problem(where, key + " must be true or false");
    }
    const auto* value = node.as_integer();
    return value != nullptr ? put(*row, where, value->get()) : problem(where, key + " must be a whole number");
  }

  const option_row* known(const std::string& where, const std::string& key) {
    const auto* row = find_row(key);
    if (row == nullptr) problem(where, "unknown key " + key + suggestion(key));
    return row;
  }

  void put(const option_row& row, const std::string&, bool value) {
    std::get<option_row::bool_at>(row.at)(into_.value) = value;
  }

  void put(const option_row& row, const std::string& where, std::int64_t value) {
    if (value >= row.min && value <= row.max) {
      std::get<option_row::int_at>(row.at)(into_.value) = value;
      return;
    }
    problem(where, std::string(row.key) + " = " + std::to_string(value) + " is outside " + std::to_string(row.min) +
                     " to " + std::to_string(row.max) + (row.unit.empty() ? "" : " " + std::string(row.unit)));
  }

  void put(const option_row& row, const std::string& where, const std::string& value) {
    if (auto wrong = check(row, value)) {
      return problem(where, std::string(row.key) + " = \"" + value + "\" is not " + *wrong);
    }
    std::get<option_row::text_at>(row.at)(into_.value) = value;
  }

  static std::optional<std::string> check(const option_row& row, const std::string& value) {
    host_port ignored;
    if (!row.choices.empty() && std::ranges::find(row.choices, value) == row.choices.end()) {
      std::string all = "one of";
      for (const auto one : row.choices) all += " " + std::string(one);
      return all;
    }
    switch (row.rule) {
      case text_rule::any: return std::nullopt;
      case text_rule::not_empty: return value.empty() ? std::optional<std::string>("a name") : std::nullopt;
      case text_rule::host_port_or_empty:
        if (value.empty()) return std::nullopt;
        [[fallthrough]];
      case text_rule::host_port:
        if (parse_host_port(value, ignored)) return std::nullopt;
        return "host:port";
    }
    return std::nullopt;
  }

  loaded_options& into_;
  std::map<std::string, std::string> set_at_;  // keys of the file
};

loaded_options finish(loaded_options loaded, const std::vector<setting>& settings) {
  loader with(loaded);
  for (const auto& one : settings) with.apply(one);
  if (loaded.problems.empty()) with.check_together();
  return loaded;
}

std::string value_text(const option_row& row, options& from) {
  if (const auto* flag = std::get_if<option_row::bool_at>(&row.at)) return (*flag)(from) ? "true" : "false";
  if (const auto* number = std::get_if<option_row::int_at>(&row.at)) return std::to_string((*number)(from));
  const auto& value = (*std::get_if<option_row::text_at>(&row.at))(from);
  std::ostringstream quoted;
  // toml++ likes 'x'; people like "x". Only a text that needs escapes is left to toml++.
  const auto is_plain = [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; };
  if (std::ranges::all_of(value, is_plain)) {
    quoted << '"' << value << '"';
  } else {
    quoted << toml::value<std::string>(value);
  }
  return quoted.str();
}

/// The help text with choices, range and flag.
std::string comment_of(const option_row& row) {
  auto line = "# " + std::string(row.help);
  if (!row.choices.empty()) {
    line += " One of:";
    for (const auto one : row.choices) line += (one == row.choices.front() ? " " : ", ") + std::string(one);
    line += ".";
  }
  if (std::holds_alternative<option_row::int_at>(row.at)) {
    line += " Range: " + std::to_string(row.min) + " to " + std::to_string(row.max);
    line += row.unit.empty() ? "." : " " + std::string(row.unit) + ".";
  }
  if (!row.flag.empty()) line += " Flag: " + std::string(row.flag) + ".";
  if (row.is_live) line += " Live.";
  return line;
}

}  // namespace

setting parse_setting(std::string source, std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {std::move(source), std::string(text), ""};
  return {std::move(source), std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

loaded_options parse_options(std::string_view toml_text, const std::string& name,
                             const std::vector<setting>& settings) {
  loaded_options loaded;
  loader(loaded).read_toml(toml_text, name);
  return finish(std::move(loaded), settings);
}

loaded_options load_options(const std::string& config_path, const std::vector<setting>& settings) {
  if (config_path.empty()) return finish({}, settings);
  std::ifstream file(config_path, std::ios::binary);
  const std::error_code why(errno, std::generic_category());
  std::ostringstream content;
  if (file) content << file.rdbuf();
  const bool is_directory = std::filesystem::is_directory(config_path);
  if (!file || is_directory) {
    loaded_options loaded;
    loader(loaded).problem(config_path, "cannot be read: " + (is_directory ? "it is a directory" : why.message()));
    return finish(std::move(loaded), settings);
  }
  return parse_options(content.str(), config_path, settings);
}

std::string options_as_toml(const options& from) {
  auto values = from;
  std::string made =
    "# Every setting of tidegate with its default. Flags override --set key=value, that overrides this file.\n"
    "# A key of a table is set as table.key on the command line, e.g. --set kafka.num.partitions=4.\n"
    "# What is \"Live\" changes when this file is read again (SIGHUP), everything else with a restart.\n";
  // TOML wants the keys of the root before the first table; the root's dotted keys are quoted to stay one key.
  std::vector<std::string> tables{""};
  const auto table_of = [](std::string_view key) {
    for (const std::string_view table : {"admin", "smq", "limits", "retention", "log", "kafka"}) {
      if (key.starts_with(table) && key.size() > table.size() && key[table.size()] == '.') return std::string(table);
    }
    return std::string();
  };
  for (const auto& row : option_table()) {
    if (std::ranges::find(tables, table_of(row.key)) == tables.end()) tables.push_back(table_of(row.key));
  }
  for (const auto& table : tables) {
    if (!table.empty()) made += "\n[" + table + "]\n";
    for (const auto& row : option_table()) {
      if (table_of(row.key) != table) continue;
      auto key = std::string(row.key.substr(table.empty() ? 0 : table.size() + 1));
      if (key.find('.') != std::string::npos) key = '"' + key + '"';
      made += (table.empty() ? "\n" : "") + comment_of(row) + "\n" + key + " = " + value_text(row, values) + "\n";
    }
  }
  return made;
}

}  // namespace tidegate::actors
