#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The program's settings: plain values, filled from defaults, the TOML file, --set and flags, in this order.
namespace tidegate::actors {

struct admin_settings {
  std::string listen = "127.0.0.1:9094";
};

struct smq_settings {
  std::string engine = "embedded";
  std::string durability = "fsync";
  std::int64_t volume_bytes = 64LL << 20;  // embedded only
  // What follows is for the engine seaweedmq only.
  std::string masters;  // "host:port,…"
  std::string filer;
  std::string filer_group;
  std::string collection = "topics";
  std::string replication;
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  bool https = false;
  std::string https_ca;    // "": tls_ca
  std::string https_cert;  // "", with https_key: tls_cert and tls_key
  std::string https_key;
  std::string jwt_read_key;  // a secret: never logged
};

struct limit_settings {
  std::int64_t worker_threads = 0;
  std::int64_t requests_in_flight = 100;
  std::int64_t bytes_in_flight = 104857600;
  std::int64_t unsent_bytes = 104857600;
  std::int64_t node_requests_in_flight = 100000;
  std::int64_t node_bytes_in_flight = 536870912;
  std::int64_t node_unsent_bytes = 536870912;
  std::int64_t fetch_bytes_in_flight = 268435456;
  std::int64_t tail_bytes = 268435456;
  std::int64_t read_ahead_bytes = 67108864;
  std::int64_t partition_idle_ms = 600000;
  std::int64_t elements_per_request = 1000000;
  std::int64_t decompressed_bytes = 134217728;
  std::int64_t groups = 100000;
  std::int64_t new_groups_per_second = 1000;
  std::int64_t group_metadata_bytes = 3145728;
  std::int64_t node_group_bytes = 268435456;
  std::int64_t partitions = 200000;
  std::int64_t new_partitions_per_second = 1000;
  std::int64_t connections_per_second = 100;
  std::int64_t first_byte_timeout_ms = 10000;
  std::int64_t frame_grace_ms = 10000;
  std::int64_t frame_bytes_per_second = 1024;
  std::int64_t drain_timeout_ms = 30000;
  std::int64_t metric_topics = 1000;
  std::int64_t metric_lags = 1000;
};

/// Defaults of topic configs that Kafka does not have.
struct retention_options {
  bool protect_groups = true;
  std::int64_t protect_max_ms = 7776000000;
};

struct log_settings {
  std::string level = "info";
  std::string format = "text";
};

/// Under Kafka's own names and with Kafka's meaning.
struct kafka_settings {
  std::int64_t num_partitions = 1;
  bool auto_create_topics_enable = true;
  std::int64_t message_max_bytes = 1048588;
  std::int64_t group_initial_rebalance_delay_ms = 500;
  std::int64_t group_min_session_timeout_ms = 6000;
  std::int64_t group_max_session_timeout_ms = 1800000;
  std::int64_t group_max_size = 2147483647;
  std::int64_t offset_metadata_max_bytes = 4096;
  std::int64_t producer_id_expiration_ms = 86400000;
  std::int64_t socket_request_max_bytes = 104857600;
  std::int64_t max_connections = 10000;
  std::int64_t max_connections_per_ip = 1000;
  std::int64_t connections_max_idle_ms = 600000;
  std::int64_t fetch_max_bytes = 57671680;
  std::int64_t max_incremental_fetch_session_cache_slots = 1000;
  std::int64_t log_retention_check_interval_ms = 300000;
  std::int64_t log_retention_ms = -1;  // Kafka's is 7 days: records wait for groups that are away longer
  std::int64_t log_retention_bytes = -1;
};

struct options {
  std::string listen = "127.0.0.1:9092";
  std::string advertised_listener;  // "": the listen address
  std::string data_dir = "./tidegate-data";
  std::int64_t node_id = 1;
  admin_settings admin;
  smq_settings smq;
  limit_settings limits;
  retention_options retention;
  log_settings log;
  kafka_settings kafka;
};

enum class text_rule : std::uint8_t { any, not_empty, host_port, host_port_or_empty };

/// One setting: everything that the TOML reader, --set, the flags and the documentation need to know about it.
struct option_row {
  using bool_at = bool& (*)(options&);
  using int_at = std::int64_t& (*)(options&);
  using text_at = std::string& (*)(options&);

  std::string_view key{};
  std::variant<bool_at, int_at, text_at> at{};
  std::int64_t min = 0;  // integers only
  std::int64_t max = 0;
  std::string_view unit{};  // "" when it has none
  text_rule rule = text_rule::any;
  std::vector<std::string_view> choices{};  // empty: any text that the rule allows
  std::string_view flag{};                // "" when it has none, e.g. "--listen"
  std::string_view help{};
  bool is_live = false;  // changes when a running node reads its configuration again
};

std::span<const option_row> option_table();

/// key = value from the command line; `source` is what an error names, e.g. "--set" or "--listen".
struct setting {
  std::string source;
  std::string key;
  std::string value;
};

struct loaded_options {
  options value;
  std::vector<std::string> problems;  // all of them; the value counts only when there are none
};

/// Splits "key=value"; without '=' the whole text is the key, which is then reported.
setting parse_setting(std::string source, std::string_view text);

/// Defaults, then the file at `config_path` ("" = none), then `settings` in their order.
loaded_options load_options(const std::string& config_path, const std::vector<setting>& settings);

/// The same from the text of a TOML file; `name` stands in errors.
loaded_options parse_options(std::string_view toml_text, const std::string& name, const std::vector<setting>& settings);

/// The options of a node that reads its configuration again.
struct followed_options {
  options value;                                // as before, but for what is live
  std::vector<std::string_view> changed;        // keys
  std::vector<std::string_view> needs_restart;  // keys whose wanted value has to wait
};
followed_options follow_options(const options& running, const options& wanted);

/// A commented TOML file with every key and the values of `from`; configs/tidegate.toml is this text of the defaults.
std::string options_as_toml(const options& from);

struct host_port {
  std::string host;
  std::uint16_t port = 0;
};

/// Splits "host:port" or "[v6]:port"; false when it is neither.
bool parse_host_port(std::string_view text, host_port& into);

}  // namespace tidegate::actors
