#include "actors/node.hpp"

#include "actors/connection/connection.hpp"
#include "actors/core/creations.hpp"
#include "actors/handlers/services.hpp"
#include "actors/interfaces/message_types.hpp"
#include "actors/live_settings.hpp"
#include "actors/log.hpp"
#include "actors/metrics/collect.hpp"
#include "actors/metrics/status_page.hpp"
#include "actors/partition/mapping_writer_state.hpp"
#include "actors/registries.hpp"
#include "actors/runtime/descriptors.hpp"
#include "actors/runtime/pool_scheduler.hpp"
#include "actors/runtime/release.hpp"
#include "actors/settings/socket_options.hpp"
#include "actors/store/store_engine.hpp"
#include "actors/store/store_timer.hpp"
#include "actors/store/store_watch.hpp"
#include "net/work_pool.hpp"
#include "smq/fencing/session_store.hpp"
#include "smq/producer_ids.hpp"

#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

namespace tidegate::actors {

namespace {

constexpr std::size_t index_cache_bytes = std::size_t{16} << 20;
constexpr std::chrono::seconds longest_usual_write{5};
constexpr std::chrono::seconds longest_silence{30};  // three looks at a fence
constexpr std::chrono::seconds stop_grace{8};
constexpr std::chrono::seconds close_grace{3};  // of the stop's: for what only makes the next start faster

struct caf_settings : caf::actor_system_config {
  explicit caf_settings(const std::shared_ptr<net::work_pool>& pool) {
    set("scheduler.max-throughput", std::size_t{50});  // a busy actor must not keep its thread from the others
    run_actors_on(pool, *this);
  }
};

std::size_t thread_count(const options& settings) {
  if (settings.limits.worker_threads > 0) return static_cast<std::size_t>(settings.limits.worker_threads);
  return std::max<std::size_t>(2, std::thread::hardware_concurrency());
}

std::string text_of(const uuid& id) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += digits[std::to_integer<unsigned>(id.bytes[i]) >> 4U];
    out += digits[std::to_integer<unsigned>(id.bytes[i]) & 15U];
  }
  return out;
}

const char* text_of(smq::fence_loss why) {
  switch (why) {
    case smq::fence_loss::taken: return "this node was fenced by another one";
    case smq::fence_loss::rewound: return "the store was rewound: it lost writes that were acknowledged";
    case smq::fence_loss::gone: break;
  }
  return "the fence of this node is gone: swept long after another node took it, or the store was rewound";
}

kafka::batch_limits batch_limits_of(const options& settings) {
  kafka::batch_limits limits;
  limits.decompression.max_output_bytes = static_cast<std::size_t>(settings.limits.decompressed_bytes);
  return limits;
}

/// Of all coordinators together.
struct guarded_creations {
  explicit guarded_creations(double per_second) : groups(per_second) {}
  std::mutex mutex;
  core::creations groups;
};

std::shared_ptr<inflater> inflaters(const options& settings) {
  return std::make_shared<inflater>(std::max<std::size_t>(thread_count(settings) / 2, 1));
}

coordinator_context coordinators(const options& settings, const live_settings& live, const store_access& store) {
  coordinator_context context;
  context.new_uuid = [random = store.random_uuid] { return text_of(random()); };
  context.wall_ms = wall_ms;
  context.create = [all = std::make_shared<guarded_creations>(
                      static_cast<double>(settings.limits.new_groups_per_second))](const std::string& host) {
    std::lock_guard lock(all->mutex);
    const auto turn = all->groups.create(host, 1, std::chrono::steady_clock::now());
    return turn.is_admitted ? std::nullopt : std::optional{turn.wait};
  };
  context.options.rules = live.group_rules();
  context.current_rules = [live] { return live.group_rules(); };
  context.node_bytes = live.group_bytes;
  return context;
}

/// Asks for a clean end and waits for it, but not for long.
template <class Handle>
void close_and_wait(const Handle& who) {
  auto closed = std::make_shared<std::promise<void>>();
  auto is_closed = closed->get_future();
  caf::anon_send(who, msg::close_cleanly{when_let_go([closed] { closed->set_value(); })});
  if (is_closed.wait_for(close_grace) != std::future_status::ready)
    log_event(log_level::warn, "not everything was closed in time; the next start reads more");
}

}  // namespace

struct node::parts {
  // Members are destroyed in reverse order: whoever uses something stands below it.
  std::unique_ptr<store_engine> engine;
  smq::node_identity identity;
  std::unique_ptr<store_timer> timer = std::make_unique<store_timer>();
  std::shared_ptr<store_watch> watch;
  std::unique_ptr<smq::session_store> sessions;
  std::unique_ptr<smq::producer_ids> producer_ids;
  topic_directory topics;
  smq::timestamp_hints hints;
  smq::index_cache index{index_cache_bytes};
  std::shared_ptr<inflater> inflations;  // here, too, so that none of its own threads lets it go
  std::unique_ptr<caf_settings> config;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<const store_access> store;
  std::shared_ptr<topic_metrics> metrics;
  std::shared_ptr<lag_board> lags = std::make_shared<lag_board>();
  std::shared_ptr<core::tail_budget> tails;
  options configured;
  live_settings live;
  mapping_writer_actor mappings;
  std::shared_ptr<services> node_services;
  supervisor_actor supervisor;
  std::unique_ptr<net::server> server;

  bool open_store(const options& settings, std::string& error);
  void start_actors(const options& settings);
  bool accept_clients(const options& settings, std::string& error);
};

bool node::parts::open_store(const options& settings, std::string& error) {
  engine = open_engine(settings, error);
  if (!engine) return false;
  const auto random = smq::system_uuid_source();
  smq::node_options who;
  who.node_id = static_cast<std::int32_t>(settings.node_id);
  who.addresses = {settings.listen};
  who.shard_count = engine->shards;
  who.start_timeout = engine->start_timeout;
  who.store_address = engine->address;
  who.address_is_named = engine->address_is_named;
  auto started = smq::start_node(engine->ports.entries, who, random(), random);
  if (!started.is_ok()) {
    error = "the node's view cannot be written: " + started.what.reason;
    return false;
  }
  identity = std::move(started.value);
  if (identity.is_first)  // where positions were expected, it is another store than they are in
    log_event(log_level::warn, "the store was empty: a new cluster begins", {{"cluster_id", identity.cluster_id}});
  engine->mark_uploads(identity.cluster_id);
  smq::shard_options shards;
  shards.max_window_mutations = engine->max_window_mutations;
  shards.max_window_bytes = engine->max_window_bytes;
  shards.max_window_chunk_bytes = engine->max_window_chunk_bytes;
  shards.max_queued_bytes = std::max(shards.max_queued_bytes / engine->shards, 2 * engine->max_window_bytes);
  shards.look_every = engine->look_every;
  shards.random = random;
  shards.after = timer->run_after();
  shards.on_fenced = [](smq::fence_loss why) {
    // Nothing that this process still believes is true. It must come back as a new incarnation.
    log_event(log_level::error, text_of(why));
    std::_Exit(1);
  };
  sessions = std::make_unique<smq::session_store>(engine->ports.entries, identity, shards);
  watch = std::make_shared<store_watch>(engine->ask_about_rules, timer->run_after());
  watch->start();
  smq::producer_id_options ids;
  ids.random = random;
  producer_ids = std::make_unique<smq::producer_ids>(engine->ports.entries, ids);
  return true;
}

void node::parts::start_actors(const options& settings) {
  config = std::make_unique<caf_settings>(server->pool());
  system = std::make_unique<caf::actor_system>(*config);
  auto access = std::make_shared<store_access>(store_access{engine->ports, *sessions, topics, hints, index,
                                                            engine->release, smq::system_uuid_source(),
                                                            identity.incarnation,
                                                            static_cast<std::int32_t>(identity.view_version)});
  access->has_native_subscribers = engine->has_native_subscribers;
  store = access;
  node_services = std::make_shared<services>();
  auto& s = *node_services;
  s.node_id = identity.node_id;
  s.cluster_id = identity.cluster_id;
  s.log_dir_is_local = engine->address.empty();
  s.log_dir = s.log_dir_is_local ? std::filesystem::absolute(settings.data_dir).lexically_normal().string()
                                 : "seaweedfs://" + engine->address + "/topics/kafka";
  s.store = store;
  live.follow(settings);
  s.settings = live.handlers;
  s.fetch_sessions = fetch_session_slots{settings.kafka.max_incremental_fetch_session_cache_slots};
  s.fetch_budget = std::make_shared<fetch_budget>(settings.limits.fetch_bytes_in_flight);
  registry_settings registries;
  registries.topics.partitions = s.settings.num_partitions;
  registries.topics.most_partitions = live.most_partitions;
  registries.topics.new_partitions_per_second = static_cast<double>(settings.limits.new_partitions_per_second);
  registries.partitions.segments = engine->segments;
  registries.partitions.merges = engine->merges;
  registries.partitions.appends_at_once = engine->appends_at_once;
  registries.partitions.overlap_bytes = engine->overlap_bytes;
  registries.partitions.turns = std::make_shared<merge_turns>(engine->merges_at_once);
  registries.partitions.inflations = inflations = inflaters(settings);
  registries.partitions.idle_after = std::chrono::milliseconds{settings.limits.partition_idle_ms};
  configured = settings;
  metrics = std::make_shared<topic_metrics>(static_cast<std::size_t>(settings.limits.metric_topics));
  tails = std::make_shared<core::tail_budget>(settings.limits.tail_bytes);
  registries.partitions.metrics = metrics;
  registries.partitions.tails = tails;
  registries.partitions.batches = batch_limits_of(settings);
  registries.partitions.message_max_bytes = s.settings.message_max_bytes;
  registries.partitions.producer_expiration = live.producer_expiration;
  mapping_settings mapping;
  mapping.segments = engine->segments;
  mappings = spawn_mapping_writer(*system, store, mapping);
  registries.partitions.on_mapping = [to = mappings](const smq::mapping_record& record) {
    caf::anon_send(to, msg::mapping_report{record});
  };
  registries.groups = coordinators(settings, live, *store);
  registries.most_groups = static_cast<std::size_t>(settings.limits.groups);
  registries.partitions.retention_ms = s.settings.retention_ms;
  registries.retention = live.retention();
  supervisor = start_registries(*system, store, node_services, std::move(registries), [](const std::string& name) {
    // A supervisor above would start this process again; going on without the registry would serve nobody.
    log_event(log_level::error, "an actor crashes again and again: the process ends", {{"actor", name}});
    std::_Exit(1);
  });
  s.next_producer_id = [ids = producer_ids.get()](smq::completion<smq::result<std::int64_t>> done) {
    ids->next(std::move(done));
  };
}

bool node::parts::accept_clients(const options& settings, std::string& error) {
  host_port advertised;
  parse_host_port(settings.advertised_listener.empty() ? settings.listen : settings.advertised_listener, advertised);
  node_services->host = advertised.host;
  node_services->port = advertised.port != 0 ? advertised.port : server->port();
  auto accept = [this](std::shared_ptr<net::session> socket) {
    return make_connection(*system, node_services, std::move(socket));
  };
  return server->start(accept, error);
}

node::node(std::unique_ptr<parts> p) : parts_(std::move(p)) {}

namespace {

/// Connections take no files that the store needs: without these the process cannot go on.
net::server_options possible_server_options(const options& settings, net::log_function log) {
  auto wanted = server_options_of(settings, std::move(log));
  wanted.max_connections = std::min(wanted.max_connections, raise_descriptor_limit());
  return wanted;
}

}  // namespace

std::unique_ptr<net::server> node::bind(const options& settings, std::string& error) {
  auto where = possible_server_options(settings, [](const net::connection_event& e) {
    log_event(log_level::warn, e.what,
              {{"id", e.id}, {"peer", e.peer}, {"reason", e.reason}, {"left_out", e.left_out}});
  });
  where.pool = std::make_shared<net::work_pool>(thread_count(settings));
  return net::server::bind(std::move(where), error);
}

std::unique_ptr<node> node::start(const options& settings, std::unique_ptr<net::server>& port, std::string& error) {
  auto p = std::make_unique<parts>();
  if (!p->open_store(settings, error)) return nullptr;
  p->server = std::move(port);
  p->start_actors(settings);
  std::unique_ptr<node> started{new node(std::move(p))};
  if (!started->parts_->accept_clients(settings, error)) return nullptr;
  const auto host = settings.listen.substr(0, settings.listen.rfind(':'));
  std::printf("tidegate ready on %s:%u\n", host.c_str(), unsigned{started->parts_->server->port()});
  std::fflush(stdout);
  return started;
}

void node::follow(const options& settings) {
  parts_->live.follow(settings);
  parts_->server->follow(possible_server_options(settings, nullptr));
}

net::http_answer node::release(std::string_view query) const {
  return answer_release(*parts_->node_services, parts_->topics, query);
}

std::string node::trouble() const {
  const auto undecided = std::chrono::floor<std::chrono::seconds>(parts_->sessions->undecided_for());
  if (undecided >= longest_usual_write)
    return "the store has not answered a write for " + std::to_string(undecided.count()) + " s";
  const auto silent = std::chrono::floor<std::chrono::seconds>(parts_->sessions->unanswered_for());
  if (silent >= longest_silence)
    return "the store has not answered for " + std::to_string(silent.count()) + " s: another node may have taken over";
  if (auto problem = parts_->watch->problem(); !problem.empty()) return problem;
  const auto& engine = *parts_->engine;
  const auto free = engine.free_bytes ? engine.free_bytes() : engine.reserve_bytes;
  if (free < engine.reserve_bytes)
    return "disk full: records are refused, " + std::to_string(free) + " bytes are free of the " +
           std::to_string(engine.reserve_bytes) + " that are kept for commits and for freeing space";
  return {};
}

void node::add_metrics(metric_page& page) const {
  const auto& p = *parts_;
  const auto& limits = p.configured.limits;
  add_topics(page, *p.metrics);
  add_lags(page, *p.lags);
  // The answers are there for the next scrape. Who does not scrape does not pay.
  if (auto round = lag_round::begin(p.lags, p.metrics, static_cast<std::size_t>(limits.metric_lags)))
    p.node_services->groups.send(msg::report_lag{std::move(round)});
  if (p.engine->free_bytes) {
    page.add("tidegate_disk_free_bytes", static_cast<double>(p.engine->free_bytes()));
    page.add("tidegate_disk_reserve_bytes", static_cast<double>(p.engine->reserve_bytes));
  }
  page.add("tidegate_store_undecided_seconds", std::chrono::duration<double>(p.sessions->undecided_for()).count());
  const auto used = [&](std::string_view name, std::int64_t value) {
    page.add("tidegate_limit_used", static_cast<double>(value), {name});
  };
  used("limits.tail_bytes", p.tails->held());
  used("limits.fetch_bytes_in_flight", limits.fetch_bytes_in_flight - p.node_services->fetch_budget->free());
  const auto& budget = p.server->budget();
  used("limits.node_requests_in_flight", budget.requests());
  used("limits.node_bytes_in_flight", budget.bytes());
  used("limits.node_unsent_bytes", budget.unsent());
  page.add("tidegate_connections_waiting", static_cast<double>(budget.waiting()));
  page.add("tidegate_unsent_bytes", static_cast<double>(budget.unsent()));
  used("limits.groups", counters_of(actor_kind::coordinator).alive.value());
  used("limits.node_group_bytes", p.live.group_bytes->held.value());
  // After a start nobody knows all topics before somebody asks for them.
  if (const auto topics = p.topics.current(); topics->complete) used("limits.partitions", partitions_of(*topics));
  used("limits.metric_topics", static_cast<std::int64_t>(p.metrics->topics()));
  used("kafka.max.incremental.fetch.session.cache.slots",
       p.configured.kafka.max_incremental_fetch_session_cache_slots - p.node_services->fetch_sessions.free());
}

void node::add_status(status_facts& facts) const {
  for (const auto& [name, topic] : parts_->topics.current()->by_name) facts.topics.push_back({name, topic->partitions});
  const std::lock_guard lock{parts_->lags->mutex};
  facts.groups = parts_->lags->groups;
}

node::~node() { stop(); }

void node::stop() {
  if (!parts_) return;
  // A stop that hangs is worse than a kill: nothing that matters is only in memory.
  store_timer watchdog;
  watchdog.run_after()(stop_grace, [] { std::_Exit(0); });
  auto& p = *parts_;
  if (p.server) p.server->stop();
  if (p.supervisor) {
    close_and_wait(p.node_services->partitions.current());
    close_and_wait(p.mappings);  // it has every last report by now
    caf::anon_send_exit(p.mappings, caf::exit_reason::user_shutdown);
    p.mappings = nullptr;
    stop_children(p.supervisor);
  }
  if (p.system) p.system->await_all_actors_done();
  if (p.inflations) p.inflations->end();
  p.supervisor = nullptr;
  p.sessions->stop();
  // The engine's last completions still post to actors: their system goes after it.
  p.producer_ids.reset();
  p.sessions.reset();
  p.timer.reset();
  p.engine.reset();
  // Requests refer to the services, and the last of them ended with the engine's last calls.
  p.node_services.reset();
  parts_.reset();
}

}  // namespace tidegate::actors
