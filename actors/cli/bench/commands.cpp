#include "actors/cli/bench/commands.hpp"

#include "actors/cli/admin/run_command.hpp"
#include "actors/cli/bench/bench.hpp"

#include <CLI/CLI.hpp>

#include <limits>

namespace tidegate::cli {

namespace {

constexpr std::int64_t largest_value = 104'857'600;  // 100 MiB, Kafka's largest request
constexpr std::int64_t most_connections = 1000, most_in_flight = 1000, most_partitions = 100'000;
constexpr std::int64_t most_groups = 1'000'000;
constexpr std::int64_t most_records = 1'000'000'000'000;
constexpr double highest_rate = 1e9, longest_load = 7 * 86400;

// What --json prints, for the help.
constexpr auto produce_keys =
  R"("topic", "partitions", "records", "bytes", "seconds", "records_per_s", "mb_per_s", "cpu_seconds", )"
  R"("ack_ms": {"p50", "p99", "p999", "max"})";
constexpr auto consume_keys =
  R"("topic", "partitions", "records", "bytes", "seconds", "records_per_s", "mb_per_s", "cpu_seconds", )"
  R"("fetch_ms": {"p50", "p99", "p999", "max"})";
constexpr auto commit_keys =
  R"("topic", "groups", "partitions", "requests", "commits", "seconds", "requests_per_s", "commits_per_s", )"
  R"("cpu_seconds", "request_ms": {"p50", "p99", "p999", "max"})";
constexpr auto e2e_keys =
  R"("topic", "partitions", "records", "seconds", "records_per_s", "cpu_seconds", )"
  R"("ack_ms": {"p50", "p99", "p999", "max"}, "e2e_ms": {"p50", "p99", "p999", "max"})";
constexpr auto resume_keys =
  R"("topic", "groups", "partitions", "records_written", "leave_seconds", "groups_left_per_s", )"
  R"("commit_ms": {"p50", "p99", "p999", "max"}, "seconds", "groups_per_s", "position_ms": {"p50", "p99", "p999", "max"}, )"
  R"("first_record_ms": {"p50", "p99", "p999", "max"}, "group_ms": {"p50", "p99", "p999", "max"}, "cpu_seconds")";
constexpr auto resume_explained =
  "\nposition_ms: until a group knows its positions; first_record_ms: from then on, of each partition; group_ms: until it "
  "has all.\n--leave alone prints nothing of seconds to group_ms, --return alone nothing of records_written to commit_ms";

CLI::Option* number(CLI::App& to, const char* name, auto& at, std::int64_t least, std::int64_t most, const char* help) {
  return to.add_option(name, at, help)->check(CLI::Range(least, most))->capture_default_str();
}

}  // namespace

struct bench_commands::given {
  cluster_options where;
  bool is_json = false;
  bench::produce_options produce;
  bench::consume_options consume;
  bench::commit_options commit;
  bench::e2e_options e2e;
  bench::resume_options resume;
  cluster_command chosen;

  /// `keys`: of the JSON document, for the help.
  CLI::App& leaf(CLI::App& parent, const std::string& name, const std::string& help, std::string& topic,
                 const std::string& keys, const cluster_command& action) {
    auto& one = *parent.add_subcommand(name, help);
    one.footer("--json prints {" + keys + "}");
    one.add_option("--bootstrap", where.bootstrap, "HOST:PORT[,…] of any Kafka broker without TLS")
      ->capture_default_str();
    number(one, "--timeout", where.timeout_ms, 1, longest_timeout_ms, "Milliseconds that one answer may take");
    one.add_flag("--json", is_json, "Print one JSON object");
    one.add_option("--topic", topic, "The topic")->required();
    one.callback([this, action] { chosen = action; });
    return one;
  }

  void add_produce(CLI::App& bench) {
    auto& one = leaf(bench, "produce", "Write records; a topic that is not there is created", produce.topic, produce_keys,
                     [this](auto& at, auto& to) { return run_produce(at, produce, to); });
    number(one, "--partitions", produce.partitions, 0, most_partitions,
           "The first N partitions; 0: all, or the broker's num.partitions for a new topic");
    number(one, "--records", produce.records, 1, most_records, "Records of all partitions together");
    number(one, "--size", produce.size, 0, largest_value, "Bytes of a value");
    number(one, "--batch-bytes", produce.batch_bytes, 1, largest_value, "Bytes of a batch, which has one record at least");
    add_rate(one, produce.rate, "Records a second; 0: as fast as possible", 0);
    add_acks(one, produce.acks);
    number(one, "--in-flight", produce.in_flight, 1, most_in_flight, "Requests of a connection without an answer");
    number(one, "--connections", produce.connections, 1, most_connections, "To each broker");
    one.add_flag("--idempotent", produce.is_idempotent, "With a producer id for each connection");
  }

  void add_consume(CLI::App& bench) {
    auto& one = leaf(bench, "consume", "Read all that is there, and check that no offset is missing (compaction leaves "
                     "gaps)", consume.topic, consume_keys,
                     [this](auto& at, auto& to) { return run_consume(at, consume, to); });
    auto* from = one.add_flag_callback("--from-beginning", [this] { consume.offset = -1; },
                                       "From the first record that is there, which is the default");
    one.add_option("--offset", consume.offset, "From this offset in every partition")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))->excludes(from);
    number(one, "--connections", consume.connections, 1, most_connections,
           "To each broker; its partitions are shared out to them");
    number(one, "--in-flight", consume.in_flight, 1, most_in_flight,
           "Requests of a connection without an answer, each for partitions of its own");
    add_fetch_sizes(one, consume.max_bytes, consume.partition_max_bytes);
    one.add_flag("--check-crcs", consume.checks_crcs, "Check every batch's CRC");
  }

  void add_commit(CLI::App& bench) {
    auto& one = leaf(bench, "commit", "Commit positions of many groups; a topic that is not there is created",
                     commit.topic, commit_keys, [this](auto& at, auto& to) { return run_commit(at, commit, to); });
    number(one, "--groups", commit.groups, 1, most_groups, "Groups");
    add_prefix(one, commit.group_prefix);
    number(one, "--partitions", commit.partitions, 1, most_partitions, "Partitions that each request commits");
    number(one, "--connections", commit.connections, 1, most_connections, "To each coordinator");
    number(one, "--in-flight", commit.in_flight, 1, most_in_flight, "Requests of a connection without an answer");
    add_seconds(one, commit.seconds);
    const auto only_mode = [](const std::string&) {};
    one.add_option_function<std::string>("--mode", only_mode, "How they commit: simple, without members")
      ->check(CLI::IsMember({"simple"}))->default_str("simple");
  }

  void add_e2e(CLI::App& bench) {
    auto& one = leaf(bench, "e2e", "Time from sending a record to its being consumed; nobody else may write to the topic",
                     e2e.topic, e2e_keys, [this](auto& at, auto& to) { return run_e2e(at, e2e, to); });
    number(one, "--partitions", e2e.partitions, 0, most_partitions,
           "The first N partitions; 0: all, or the broker's num.partitions for a new topic");
    add_rate(one, e2e.rate, "Records a second, each a batch of its own", 0.001);
    add_seconds(one, e2e.seconds);
    number(one, "--size", e2e.size, 0, largest_value, "Bytes of a value");
    add_acks(one, e2e.acks);
  }

  void add_resume(CLI::App& bench) {
    auto& one = leaf(bench, "resume",
                     "Groups leave, and come back at once: OffsetFetch, then Fetch from these positions, of which each "
                     "must give exactly the next record. No JoinGroup; coordinators are known before the clock starts",
                     resume.topic, resume_keys, [this](auto& at, auto& to) { return run_resume(at, resume, to); });
    one.footer(one.get_footer() + resume_explained);
    auto* leave = one.add_flag_callback("--leave", [this] { resume.returns = false; },
                                        "Only write records (a topic that is not there is created, without retention) "
                                        "and commit positions");
    one.add_flag_callback("--return", [this] { resume.leaves = false; },
                          "Only come back, after a --leave with the same options, however long ago")->excludes(leave);
    number(one, "--groups", resume.groups, 1, most_groups, "Groups");
    add_prefix(one, resume.group_prefix);
    number(one, "--partitions", resume.partitions, 1, most_partitions, "Partitions that each group reads");
    number(one, "--records", resume.records, 1, 1'000'000, "Records of each partition; groups leave at any of them");
    number(one, "--size", resume.size, 0, largest_value,
           "Bytes of a value, which names its partition and offset at least");
    number(one, "--connections", resume.connections, 1, most_connections,
           "To each coordinator, and as many to each leader");
    number(one, "--in-flight", resume.in_flight, 1, most_in_flight, "Groups of a connection that come back at once");
    add_fetch_sizes(one, resume.max_bytes, resume.partition_max_bytes);
  }

  static void add_prefix(CLI::App& to, std::string& at) {
    to.add_option("--group-prefix", at, "What their names begin with; a number follows")->capture_default_str();
  }

  static void add_fetch_sizes(CLI::App& to, std::int32_t& answer, std::int32_t& partition) {
    number(to, "--max-bytes", answer, 1, largest_value, "Bytes of an answer, as fetch.max.bytes");
    number(to, "--partition-max-bytes", partition, 1, largest_value,
           "Bytes of a partition in an answer, as max.partition.fetch.bytes");
  }

  static void add_rate(CLI::App& to, double& at, const char* help, double least) {
    to.add_option("--rate", at, help)->check(CLI::Range(least, highest_rate))->capture_default_str();
  }

  static void add_seconds(CLI::App& to, double& at) {
    to.add_option("--seconds", at, "How long")->check(CLI::Range(0.001, longest_load))->capture_default_str();
  }

  static void add_acks(CLI::App& to, std::int16_t& at) {
    const CLI::Validator as_number(
      [](std::string& text) {
        if (text == "all") text = "-1";
        return std::string();
      },
      "");
    to.add_option("--acks", at, "What is waited for: all (or -1), all replicas; 1, the leader")
      ->transform(as_number)->check(CLI::IsMember({-1, 1}))->capture_default_str();
  }
};

bench_commands::bench_commands(CLI::App& program) : given_(std::make_unique<given>()) {
  auto& bench = *program.add_subcommand("bench", "Load on a cluster: produce, consume, commit, e2e, resume");
  bench.require_subcommand(1);
  given_->add_produce(bench);
  given_->add_consume(bench);
  given_->add_commit(bench);
  given_->add_e2e(bench);
  given_->add_resume(bench);
}

bench_commands::~bench_commands() = default;

std::optional<int> bench_commands::run() const {
  if (!given_->chosen) return std::nullopt;
  return run_command(given_->chosen, given_->where, given_->is_json);
}

}  // namespace tidegate::cli
