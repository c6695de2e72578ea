#include "actors/settings/options.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace tidegate::actors {

namespace {

/// The member at the end of a path of members, e.g. options::kafka, kafka_settings::num_partitions.
template <class T, auto... path>
T& at(options& o) {
  return (o.*....*path);
}

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t day_ms = 86400000;

template <auto... path>
constexpr option_row::int_at integer = &at<std::int64_t, path...>;
template <auto... path>
constexpr option_row::text_at text = &at<std::string, path...>;
template <auto... path>
constexpr option_row::bool_at boolean = &at<bool, path...>;

using o = options;
using k = kafka_settings;
using l = limit_settings;

std::vector<option_row> server_rows() {
  return {
    {.key = "listen", .at = text<&o::listen>, .rule = text_rule::host_port, .flag = "--listen",
     .help = "Address and port for Kafka clients; port 0 takes any free one."},
    {.key = "advertised.listener", .at = text<&o::advertised_listener>, .rule = text_rule::host_port_or_empty,
     .help = "Address and port that clients are told to connect to; empty: the listen address."},
    {.key = "data_dir", .at = text<&o::data_dir>, .rule = text_rule::not_empty, .flag = "--data-dir",
     .help = "Folder of the embedded engine."},
    {.key = "node.id", .at = integer<&o::node_id>, .min = 0, .max = int32_max,
     .help = "Broker id that clients see; unique in a cluster."},
    {.key = "admin.listen", .at = text<&o::admin, &admin_settings::listen>, .rule = text_rule::host_port,
     .flag = "--admin-listen", .help = "Address and port of the HTTP server for operators (/, /health, /metrics)."},
  };
}

std::vector<option_row> limit_rows() {
  return {
    {.key = "limits.worker_threads", .at = integer<&o::limits, &l::worker_threads>, .min = 0, .max = 256,
     .unit = "threads", .help = "Threads that serve sockets and run actors; 0: one per core, two at least."},
    {.key = "limits.requests_in_flight", .at = integer<&o::limits, &l::requests_in_flight>, .min = 1, .max = 100000,
     .unit = "requests", .help = "Unanswered requests of one connection after which it is not read any further."},
    {.key = "limits.bytes_in_flight", .at = integer<&o::limits, &l::bytes_in_flight>, .min = 1024, .max = 1LL << 40,
     .unit = "bytes", .help = "The same in bytes; the request that crosses the limit is still taken."},
    {.key = "limits.unsent_bytes", .at = integer<&o::limits, &l::unsent_bytes>, .min = 1024, .max = 1LL << 40,
     .unit = "bytes", .help = "Answers that one client has not taken yet after which it is not read any further."},
    {.key = "limits.node_requests_in_flight", .at = integer<&o::limits, &l::node_requests_in_flight>, .min = 1,
     .max = 100000000, .unit = "requests",
     .help = "Unanswered requests of all connections, but for one of each, above which they are read in turns."},
    {.key = "limits.node_bytes_in_flight", .at = integer<&o::limits, &l::node_bytes_in_flight>, .min = 1024,
     .max = 1LL << 40, .unit = "bytes",
     .help = "The same in bytes, but for 64 KiB of each; requests of more count as they come."},
    {.key = "limits.node_unsent_bytes", .at = integer<&o::limits, &l::node_unsent_bytes>, .min = 1024, .max = 1LL << 40,
     .unit = "bytes",
     .help = "Answers that all clients have not taken yet; above it each is not read any further from 64 KiB on."},
    {.key = "limits.fetch_bytes_in_flight", .at = integer<&o::limits, &l::fetch_bytes_in_flight>, .min = 1024,
     .max = 1LL << 40, .unit = "bytes",
     .help = "Fetch answers of all clients that are being read or not yet sent; above it a fetch gets one batch."},
    {.key = "limits.tail_bytes", .at = integer<&o::limits, &l::tail_bytes>, .min = 0, .max = 1LL << 40, .unit = "bytes",
     .help = "Newest batches of all partitions that are kept in memory for consumers; 0: all come from the store."},
    {.key = "limits.read_ahead_bytes", .at = integer<&o::limits, &l::read_ahead_bytes>, .min = 0, .max = 1LL << 40,
     .unit = "bytes",
     .help = "Chunks of a cluster in memory: read ahead for consumers, or small and just written; 0: none."},
    {.key = "limits.partition_idle_ms", .at = integer<&o::limits, &l::partition_idle_ms>, .min = 100, .max = day_ms,
     .unit = "milliseconds",
     .help = "A partition without requests for so long has its small files merged and leaves memory."},
  };
}

std::vector<option_row> client_limit_rows() {
  return {
    {.key = "limits.elements_per_request", .at = integer<&o::limits, &l::elements_per_request>, .min = 1000,
     .max = 100000000, .unit = "elements",
     .help = "Elements of all arrays of one request together; a request with more closes the connection."},
    {.key = "limits.decompressed_bytes", .at = integer<&o::limits, &l::decompressed_bytes>, .min = 1024,
     .max = 1LL << 40, .unit = "bytes",
     .help = "Size of the records in one compressed batch; a larger one is refused. They are never held as a whole."},
    {.key = "limits.groups", .at = integer<&o::limits, &l::groups>, .min = 1, .max = 100000000, .unit = "groups",
     .help = "Groups in memory; requests for others get a retriable error until one of them leaves."},
    {.key = "limits.new_groups_per_second", .at = integer<&o::limits, &l::new_groups_per_second>, .min = 1,
     .max = 1000000, .unit = "groups",
     .help = "New groups of one address per second, on average over ten; more get a retriable error."},
    {.key = "limits.group_metadata_bytes", .at = integer<&o::limits, &l::group_metadata_bytes>, .min = 1024,
     .max = 3 << 20, .unit = "bytes",
     .help = "Metadata, names and ids of all members of one group; who would bring it above is refused."},
    {.key = "limits.node_group_bytes", .at = integer<&o::limits, &l::node_group_bytes>, .min = 1 << 20,
     .max = 1LL << 40, .unit = "bytes",
     .help = "The same of all groups with members, assignments and topics too; who would join beyond it asks again."},
    {.key = "limits.partitions", .at = integer<&o::limits, &l::partitions>, .min = 1, .max = 100000000,
     .unit = "partitions", .help = "Partitions of all topics together; no topic is made or grows beyond it."},
    {.key = "limits.new_partitions_per_second", .at = integer<&o::limits, &l::new_partitions_per_second>, .min = 1,
     .max = 1000000, .unit = "partitions",
     .help = "New partitions of one address per second, on average over ten; more are refused, or made later."},
    {.key = "limits.connections_per_second", .at = integer<&o::limits, &l::connections_per_second>, .min = 1,
     .max = 1000000, .unit = "connections",
     .help = "New connections of one address per second, on average over ten; more are closed at once."},
    {.key = "limits.first_byte_timeout_ms", .at = integer<&o::limits, &l::first_byte_timeout_ms>, .min = 100,
     .max = day_ms, .unit = "milliseconds", .help = "A connection that sends nothing for so long is closed."},
    {.key = "limits.frame_grace_ms", .at = integer<&o::limits, &l::frame_grace_ms>, .min = 100, .max = day_ms,
     .unit = "milliseconds", .help = "How long a request that has begun may come at any speed."},
    {.key = "limits.frame_bytes_per_second", .at = integer<&o::limits, &l::frame_bytes_per_second>, .min = 0,
     .max = 1LL << 40, .unit = "bytes",
     .help = "Average speed that a request must reach after that; a slower one closes the connection."},
    {.key = "limits.drain_timeout_ms", .at = integer<&o::limits, &l::drain_timeout_ms>, .min = 100, .max = day_ms,
     .unit = "milliseconds", .help = "Time for the last answers after the client closed its sending side."},
    {.key = "limits.metric_topics", .at = integer<&o::limits, &l::metric_topics>, .min = 0, .max = 10000,
     .unit = "topics", .help = "Topics with metrics of their own; all others are summed as topic=\"_other\"."},
    {.key = "limits.metric_lags", .at = integer<&o::limits, &l::metric_lags>, .min = 0, .max = 10000,
     .unit = "series", .help = "Pairs of group and topic whose lag is shown; all others are summed as \"_other\"."},
  };
}

std::vector<option_row> retention_and_log_rows() {
  return {
    {.key = "retention.protect.groups", .at = boolean<&o::retention, &retention_options::protect_groups>,
     .help = "Retention keeps what a group has not read; for topics without this config of their own."},
    {.key = "retention.protect.max.ms", .at = integer<&o::retention, &retention_options::protect_max_ms>, .min = -1,
     .max = std::numeric_limits<std::int64_t>::max(), .unit = "milliseconds",
     .help = "Age from which records are not kept for groups any more; -1: never. Also a topic config."},
    {.key = "log.level", .at = text<&o::log, &log_settings::level>,
     .choices = {"trace", "debug", "info", "warn", "error"}, .help = "Events below this level are not logged."},
    {.key = "log.format", .at = text<&o::log, &log_settings::format>, .choices = {"text", "json"},
     .help = "One line per event: key=value text, or one JSON object."},
  };
}

std::vector<option_row> smq_rows() {
  return {
    {.key = "smq.engine", .at = text<&o::smq, &smq_settings::engine>, .choices = {"embedded", "seaweedmq"},
     .flag = "--engine", .help = "Where records and positions live: in data_dir, or in a SeaweedMQ cluster."},
    {.key = "smq.durability", .at = text<&o::smq, &smq_settings::durability>, .choices = {"fsync", "os"},
     .help = "What an acknowledgement means: fsync = on disk, os = in the page cache."},
    {.key = "smq.volume_bytes", .at = integer<&o::smq, &smq_settings::volume_bytes>, .min = 1 << 20, .max = 1LL << 40,
     .unit = "bytes", .help = "Size of one data file; on disk are at most twice the live bytes and 6 of these, or so."},
    {.key = "smq.masters", .at = text<&o::smq, &smq_settings::masters>, .flag = "--masters",
     .help = "Masters of the SeaweedFS cluster, host:port separated by commas; they name the filer."},
    {.key = "smq.filer", .at = text<&o::smq, &smq_settings::filer>,
     .help = "Filer to use, host:port; empty: the only one that the masters know. All nodes must use the same one."},
    {.key = "smq.filer_group", .at = text<&o::smq, &smq_settings::filer_group>,
     .help = "SeaweedFS's -filerGroup, when the filer is not named."},
    {.key = "smq.collection", .at = text<&o::smq, &smq_settings::collection>,
     .help = "Collection of the chunks; SeaweedMQ's brokers use topics."},
    {.key = "smq.replication", .at = text<&o::smq, &smq_settings::replication>,
     .help = "Copies of a chunk in SeaweedFS's notation, e.g. 001; empty: the cluster's default."},
    {.key = "smq.tls_ca", .at = text<&o::smq, &smq_settings::tls_ca>,
     .help = "PEM file of the CA of [grpc] in SeaweedFS's security.toml; empty: no TLS."},
    {.key = "smq.tls_cert", .at = text<&o::smq, &smq_settings::tls_cert>,
     .help = "PEM file of this node's certificate ([grpc.client])."},
    {.key = "smq.tls_key", .at = text<&o::smq, &smq_settings::tls_key>,
     .help = "PEM file of this node's private key ([grpc.client])."},
    {.key = "smq.https", .at = boolean<&o::smq, &smq_settings::https>,
     .help = "Chunks go over HTTPS: [https.volume] of security.toml is set. Certificates must name their servers."},
    {.key = "smq.https_ca", .at = text<&o::smq, &smq_settings::https_ca>,
     .help = "PEM file of the CA of the volume servers ([https.client]); empty: smq.tls_ca."},
    {.key = "smq.https_cert", .at = text<&o::smq, &smq_settings::https_cert>,
     .help = "PEM file of the certificate for volume servers ([https.client]); empty: smq.tls_cert."},
    {.key = "smq.https_key", .at = text<&o::smq, &smq_settings::https_key>,
     .help = "PEM file of its private key ([https.client]); empty: smq.tls_key."},
    {.key = "smq.jwt_read_key", .at = text<&o::smq, &smq_settings::jwt_read_key>,
     .help = "Key of [jwt.signing.read] in security.toml, if chunks are read with tokens. A secret: keep it in a file."},
  };
}

std::vector<option_row> kafka_rows() {
  return {
    {.key = "kafka.num.partitions", .at = integer<&o::kafka, &k::num_partitions>, .min = 1, .max = 10000,
     .unit = "partitions", .help = "Partitions of a topic that is created without a number."},
    {.key = "kafka.auto.create.topics.enable", .at = boolean<&o::kafka, &k::auto_create_topics_enable>,
     .help = "Create a topic when a client asks for it and allows it."},
    {.key = "kafka.message.max.bytes", .at = integer<&o::kafka, &k::message_max_bytes>, .min = 61, .max = int32_max,
     .unit = "bytes", .help = "Largest record batch."},
    {.key = "kafka.group.initial.rebalance.delay.ms", .at = integer<&o::kafka, &k::group_initial_rebalance_delay_ms>,
     .min = 0, .max = 600000, .unit = "milliseconds",
     .help = "How long an empty group waits for more members before its first rebalance."},
    {.key = "kafka.group.min.session.timeout.ms", .at = integer<&o::kafka, &k::group_min_session_timeout_ms>, .min = 0,
     .max = int32_max, .unit = "milliseconds", .help = "Shortest session timeout a member may ask for."},
    {.key = "kafka.group.max.session.timeout.ms", .at = integer<&o::kafka, &k::group_max_session_timeout_ms>, .min = 1,
     .max = int32_max, .unit = "milliseconds", .help = "Longest session timeout a member may ask for."},
    {.key = "kafka.group.max.size", .at = integer<&o::kafka, &k::group_max_size>, .min = 1, .max = int32_max,
     .unit = "members", .help = "Most members of one group."},
    {.key = "kafka.offset.metadata.max.bytes", .at = integer<&o::kafka, &k::offset_metadata_max_bytes>, .min = 0,
     .max = 32767, .unit = "characters",
     .help = "Longest metadata string of a committed offset, counted as Kafka does: in UTF-16."},
    {.key = "kafka.producer.id.expiration.ms", .at = integer<&o::kafka, &k::producer_id_expiration_ms>, .min = 1,
     .max = int32_max, .unit = "milliseconds",
     .help = "A partition forgets an idempotent producer that was silent for so long."},
    {.key = "kafka.socket.request.max.bytes", .at = integer<&o::kafka, &k::socket_request_max_bytes>, .min = 1024,
     .max = int32_max, .unit = "bytes", .help = "Largest request; a larger one closes the connection."},
    {.key = "kafka.max.connections", .at = integer<&o::kafka, &k::max_connections>, .min = 1, .max = int32_max,
     .unit = "connections", .help = "Client connections of this node; more are closed at once."},
    {.key = "kafka.max.connections.per.ip", .at = integer<&o::kafka, &k::max_connections_per_ip>, .min = 1,
     .max = int32_max, .unit = "connections",
     .help = "Client connections of one address (of one /64 for IPv6); more are closed at once."},
    {.key = "kafka.connections.max.idle.ms", .at = integer<&o::kafka, &k::connections_max_idle_ms>, .min = 1000,
     .max = int32_max, .unit = "milliseconds", .help = "A connection without traffic and open requests is closed."},
    {.key = "kafka.fetch.max.bytes", .at = integer<&o::kafka, &k::fetch_max_bytes>, .min = 1024, .max = int32_max,
     .unit = "bytes", .help = "Most bytes of one fetch answer; its first batch is always sent whole."},
    {.key = "kafka.max.incremental.fetch.session.cache.slots",
     .at = integer<&o::kafka, &k::max_incremental_fetch_session_cache_slots>, .min = 0, .max = 1000000,
     .unit = "sessions", .help = "Incremental fetch sessions that are kept."},
    {.key = "kafka.log.retention.check.interval.ms", .at = integer<&o::kafka, &k::log_retention_check_interval_ms>,
     .min = 1, .max = int32_max, .unit = "milliseconds",
     .help = "How often topics with a limit of retention are looked at."},
    {.key = "kafka.log.retention.ms", .at = integer<&o::kafka, &k::log_retention_ms>, .min = -1,
     .max = std::numeric_limits<std::int64_t>::max(), .unit = "milliseconds",
     .help = "Age from which records go, of topics without retention.ms; -1: no limit, 0 is refused."},
    {.key = "kafka.log.retention.bytes", .at = integer<&o::kafka, &k::log_retention_bytes>, .min = -1,
     .max = std::numeric_limits<std::int64_t>::max(), .unit = "bytes",
     .help = "Size of a partition above which its oldest records go, of topics without retention.bytes; -1: no limit."},
  };
}

/// What a running node changes when it reads its configuration again: see live_settings and net::server::follow.
constexpr std::string_view live_keys[] = {
  "limits.requests_in_flight", "limits.bytes_in_flight", "limits.unsent_bytes", "limits.elements_per_request",
  "limits.group_metadata_bytes", "limits.node_group_bytes", "limits.partitions", "limits.connections_per_second",
  "limits.first_byte_timeout_ms", "limits.frame_grace_ms", "limits.frame_bytes_per_second", "limits.drain_timeout_ms",
  "retention.protect.groups", "retention.protect.max.ms", "log.level", "kafka.num.partitions",
  "kafka.auto.create.topics.enable", "kafka.message.max.bytes", "kafka.group.initial.rebalance.delay.ms",
  "kafka.group.min.session.timeout.ms", "kafka.group.max.session.timeout.ms", "kafka.group.max.size",
  "kafka.offset.metadata.max.bytes", "kafka.producer.id.expiration.ms", "kafka.socket.request.max.bytes",
  "kafka.max.connections", "kafka.max.connections.per.ip", "kafka.connections.max.idle.ms", "kafka.fetch.max.bytes",
  "kafka.log.retention.check.interval.ms", "kafka.log.retention.ms", "kafka.log.retention.bytes"};

}  // namespace

std::span<const option_row> option_table() {
  static const auto rows = [] {
    auto all = server_rows();
    for (auto& rows_of : {limit_rows(), client_limit_rows(), retention_and_log_rows(), smq_rows(), kafka_rows()})
      all.insert(all.end(), rows_of.begin(), rows_of.end());
    for (auto& row : all) row.is_live = std::ranges::find(live_keys, row.key) != std::end(live_keys);
    return all;
  }();
  return rows;
}

bool parse_host_port(std::string_view text, host_port& into) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;
  }
  std::uint16_t number = 0;
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (host.empty() || port.empty() || failed != std::errc{} || end != port.data() + port.size()) return false;
  into = {std::string(host), number};
  return true;
}

}  // namespace tidegate::actors
