#define CAF_SUITE options
#include "actors/settings/cluster_options.hpp"
#include "actors/settings/options.hpp"

#include "caf/test/unit_test.hpp"

#include <fstream>
#include <set>
#include <sstream>

using namespace tidegate::actors;

namespace {

std::string shipped_config() {
  std::ifstream file(TIDEGATE_SOURCE_DIR "/configs/tidegate.toml");
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

bool mentions(const std::vector<std::string>& problems, std::size_t index, const std::vector<std::string>& words) {
  if (index >= problems.size()) return false;
  for (const auto& word : words) {
    if (problems[index].find(word) == std::string::npos) return false;
  }
  return true;
}

}  // namespace

CAF_TEST(the shipped config documents every option with its default) {
  // After a change of the table: build/dev/tidegate print-config > configs/tidegate.toml
  CAF_CHECK(shipped_config() == options_as_toml({}));
  const auto loaded = parse_options(shipped_config(), "tidegate.toml", {});
  CAF_CHECK_EQUAL(loaded.problems, std::vector<std::string>{});
  CAF_CHECK(options_as_toml(loaded.value) == options_as_toml({}));
}

CAF_TEST(a running node takes over what is live and names what has to wait) {
  options running;
  running.kafka.max_connections = 1;
  running.limits.worker_threads = 1;
  options wanted;
  wanted.kafka.max_connections = 2;
  wanted.log.level = "debug";
  wanted.kafka.auto_create_topics_enable = false;
  wanted.limits.worker_threads = 2;
  wanted.listen = "127.0.0.1:1";
  wanted.smq.https = true;
  const auto made = follow_options(running, wanted);
  CAF_CHECK_EQUAL(made.value.kafka.max_connections, 2);
  CAF_CHECK_EQUAL(made.value.log.level, "debug");
  CAF_CHECK(!made.value.kafka.auto_create_topics_enable);
  CAF_CHECK_EQUAL(made.value.limits.worker_threads, 1);
  CAF_CHECK_EQUAL(made.value.listen, running.listen);
  CAF_CHECK(!made.value.smq.https);
  using keys = std::vector<std::string_view>;
  CAF_CHECK((made.changed == keys{"log.level", "kafka.auto.create.topics.enable", "kafka.max.connections"}));
  CAF_CHECK((made.needs_restart == keys{"listen", "limits.worker_threads", "smq.https"}));
  const auto same = follow_options(made.value, made.value);
  CAF_CHECK(same.changed.empty() && same.needs_restart.empty());
}

CAF_TEST(every key of the table is different and inside its own bounds) {
  std::set<std::string_view> keys;
  options defaults;
  for (const auto& row : option_table()) {
    CAF_CHECK(keys.insert(row.key).second);
    CAF_CHECK(!row.help.empty());
    if (const auto* number = std::get_if<option_row::int_at>(&row.at)) {
      CAF_CHECK_GREATER_OR_EQUAL((*number)(defaults), row.min);
      CAF_CHECK_LESS_OR_EQUAL((*number)(defaults), row.max);
    }
  }
}

CAF_TEST(every key can be set in the file and on the command line) {
  for (const auto& row : option_table()) {
    std::string value = row.choices.empty() ? "127.0.0.1:1" : std::string(row.choices.back());
    std::string quoted = '"' + value + '"';
    if (std::holds_alternative<option_row::int_at>(row.at)) value = quoted = std::to_string(row.max);
    if (std::holds_alternative<option_row::bool_at>(row.at)) value = quoted = "false";
    const auto key = std::string(row.key);
    const auto from_file = parse_options(key + " = " + quoted, "f", {}).value;
    const auto from_line = load_options("", {{"--set", key, value}}).value;
    CAF_CHECK(options_as_toml(from_file) == options_as_toml(from_line));
    CAF_CHECK(options_as_toml(from_file).find(" = " + quoted + "\n") != std::string::npos);
  }
}

CAF_TEST(the command line overrides the file and the later setting wins) {
  const auto loaded =
      parse_options("[kafka]\n\"num.partitions\" = 4\n", "f",
                    {parse_setting("--set", "kafka.num.partitions=5"), {"--x", "kafka.num.partitions", "6"}});
  CAF_CHECK(loaded.problems.empty());
  CAF_CHECK_EQUAL(loaded.value.kafka.num_partitions, 6);
  CAF_CHECK_EQUAL(parse_options("[kafka]\nnum.partitions = 4", "f", {}).value.kafka.num_partitions, 4);
}

CAF_TEST(all problems are reported at once with key and line) {
  const auto problems =
      parse_options(
          "lisen = \"127.0.0.1:1\"\n"
          "data_dir = 7\n"
          "[kafka]\n"
          "\"num.partitions\" = 0\n"
          "\"auto.create.topics.enable\" = \"yes\"\n"
          "[smq]\n"
          "engine = \"seaweed\"\n",
          "f.toml", {parse_setting("--set", "admin.listen=nowhere"), parse_setting("--set", "num.partitions=2")})
          .problems;
  const auto has = [&](const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < problems.size(); ++i) {
      if (mentions(problems, i, words)) return true;
    }
    return false;
  };
  CAF_CHECK_EQUAL(problems.size(), 7u);
  CAF_CHECK(has({"f.toml:1:", "unknown key lisen", "did you mean listen?"}));
  CAF_CHECK(has({"f.toml:2:", "data_dir"}));
  CAF_CHECK(has({"f.toml:4:", "kafka.num.partitions = 0 is outside 1 to 10000"}));
  CAF_CHECK(has({"f.toml:5:", "must be true or false"}));
  CAF_CHECK(has({"f.toml:7:", "one of embedded"}));
  CAF_CHECK(has({"--set:", "admin.listen", "host:port"}));
  CAF_CHECK(has({"--set:", "unknown key num.partitions", "did you mean kafka.num.partitions?"}));
}

CAF_TEST(a key that is set twice in a file is a problem) {
  const auto problems = parse_options("\"kafka.num.partitions\" = 3\n[kafka]\n\"num.partitions\" = 4\n"
                                      "[kafka.num]\npartitions = 9\n", "f.toml", {}).problems;
  CAF_REQUIRE_EQUAL(problems.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) CAF_CHECK(mentions(problems, i, {"kafka.num.partitions was set before, at f.toml:"}));
}

CAF_TEST(a table where a value belongs and a value where a table belongs are problems) {
  CAF_CHECK_EQUAL(parse_options("[listen]\nx = 1", "f", {}).problems.size(), 1u);
  CAF_CHECK_EQUAL(parse_options("kafka = 1", "f", {}).problems.size(), 1u);
  CAF_CHECK_EQUAL(parse_options("listen = []", "f", {}).problems.size(), 1u);
}

CAF_TEST(text that is no TOML names its line) {
  const auto problems = parse_options("listen = \"127.0.0.1:1\"\nthis is not toml\n", "f.toml", {}).problems;
  CAF_CHECK(mentions(problems, 0, {"f.toml:2:"}));
}

CAF_TEST(settings that contradict each other are problems) {
  CAF_CHECK_EQUAL(
      load_options("", {parse_setting("--set", "kafka.group.min.session.timeout.ms=1800001")}).problems.size(), 1u);
  CAF_CHECK_EQUAL(load_options("", {parse_setting("--set", "kafka.message.max.bytes=104857601")}).problems.size(), 1u);
}

CAF_TEST(records of no age are kept for ever or for a while) {
  const auto problems_of = [](const std::string& age) {
    return load_options("", {parse_setting("--set", "kafka.log.retention.ms=" + age)}).problems;
  };
  for (const auto* good : {"-1", "1", "9223372036854775807"}) CAF_CHECK_EQUAL(problems_of(good).size(), 0u);
  CAF_CHECK(mentions(problems_of("0"), 0, {"kafka.log.retention.ms is -1 or at least 1"}));
  CAF_CHECK(mentions(problems_of("-2"), 0, {"kafka.log.retention.ms = -2 is outside -1 to"}));
}

CAF_TEST(an address that nobody can listen on or connect to is a problem) {
  const auto problems_of = [](const std::string& listen, const std::string& advertised) {
    return load_options("", {parse_setting("--set", "listen=" + listen),
                             parse_setting("--set", "advertised.listener=" + advertised)})
        .problems.size();
  };
  CAF_CHECK_EQUAL(problems_of("gw.example.com:9092", ""), 1u);
  CAF_CHECK_EQUAL(problems_of("0.0.0.0:9092", ""), 1u);
  CAF_CHECK_EQUAL(problems_of("[::]:9092", ""), 1u);
  CAF_CHECK_EQUAL(problems_of("10.0.0.1:9092", "0.0.0.0:9092"), 1u);
  CAF_CHECK_EQUAL(problems_of("0.0.0.0:9092", "gw.example.com:9092"), 0u);
  CAF_CHECK_EQUAL(problems_of("localhost:9092", ""), 0u);
  CAF_CHECK_EQUAL(problems_of("[::1]:9092", ""), 0u);
  CAF_CHECK_EQUAL(problems_of("[fe80::1%eth0]:9092", ""), 0u);
  CAF_CHECK_EQUAL(load_options("", {parse_setting("--set", "admin.listen=localhots:1")}).problems.size(), 1u);
  const auto problems_of_admin = [](const std::string& both) {
    return load_options("", {parse_setting("--set", "listen=" + both), parse_setting("--set", "admin.listen=" + both)})
        .problems.size();
  };
  CAF_CHECK_EQUAL(problems_of_admin("127.0.0.1:9092"), 1u);
  CAF_CHECK_EQUAL(problems_of_admin("127.0.0.1:0"), 0u);
}

CAF_TEST(files for HTTPS are those of gRPC unless they are named) {
  const auto load = [](const std::vector<std::string>& lines) {
    std::vector<setting> settings;
    for (const auto& one : lines) settings.push_back(parse_setting("--set", one));
    return load_options("", settings);
  };
  const std::vector<std::string> tls{"smq.tls_ca=a", "smq.tls_cert=c", "smq.tls_key=k"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), tls.begin(), tls.end());
    return load(more);
  };
  const auto files = [](const loaded_options& of) {
    CAF_REQUIRE_EQUAL(of.problems, std::vector<std::string>{});
    const auto made = cluster_options(of.value.smq).https;
    return made ? made->ca + ' ' + made->cert + ' ' + made->key : "plain";
  };
  CAF_CHECK_EQUAL(files(with({})), "plain");
  CAF_CHECK_EQUAL(files(with({"smq.https=true"})), "a c k");
  CAF_CHECK_EQUAL(files(with({"smq.https=true", "smq.https_ca=A"})), "A c k");
  CAF_CHECK_EQUAL(files(with({"smq.https=true", "smq.https_cert=C", "smq.https_key=K"})), "a C K");
  CAF_CHECK_EQUAL(files(load({"smq.https=true", "smq.https_ca=A"})), "A  ");
  CAF_CHECK(mentions(load({"smq.https=true"}).problems, 0, {"smq.https needs smq.https_ca or smq.tls_ca"}));
  CAF_CHECK(mentions(with({"smq.https_ca=A"}).problems, 0, {"smq.https = true"}));
  CAF_CHECK(mentions(with({"smq.https=true", "smq.https_key=K"}).problems, 0, {"only used together"}));
}

CAF_TEST(a config that cannot be read is a problem) {
  const auto problems = load_options("/nowhere/tidegate.toml", {}).problems;
  CAF_REQUIRE_EQUAL(problems.size(), 1u);
  CAF_CHECK(mentions(problems, 0, {"No such file"}));
  CAF_CHECK(mentions(load_options("/", {}).problems, 0, {"directory"}));
}

CAF_TEST(what names no server of a cluster is a problem) {
  const auto problems = [](const std::string& settings) {
    return parse_options("[smq]\nengine = \"seaweedmq\"\n" + settings, "f.toml", {}).problems;
  };
  for (const auto* good : {"masters = \"a:9333\"", "masters = \"a:9333,[::1]:9333,c.d:9333.19333\"",
                           "filer = \"a:8888.18888\"", "filer = \"a:8888\"\nreplication = \"010\""})
    CAF_CHECK_EQUAL(problems(good).size(), 0u);
  for (const auto* bad : {"masters = \"a\"", "masters = \"a:9333,,b:9333\"", "masters = \"a:\"", "filer = \"x\"",
                          "filer = \"a:8888.\"", "filer = \"a:8888\"\nreplication = \"9999\""})
    CAF_CHECK_EQUAL(problems(bad).size(), 1u);
  CAF_CHECK(mentions(parse_options("[smq]\nmasters = \"a:9333\"\n", "f.toml", {}).problems, 0, {"smq.engine"}));
}

CAF_TEST(a key that is like none is not taken for another) {
  const auto problems = parse_options("foo = 1\n[log]\nretention = 2\n", "f.toml", {}).problems;
  CAF_REQUIRE_EQUAL(problems.size(), 2u);
  CAF_CHECK(!mentions(problems, 0, {"did you mean"}));
}

CAF_TEST(host and port) {
  host_port made;
  CAF_CHECK(parse_host_port("127.0.0.1:9092", made) && made.host == "127.0.0.1" && made.port == 9092);
  CAF_CHECK(parse_host_port("[::1]:0", made) && made.host == "::1" && made.port == 0);
  for (const auto* wrong : {"", ":", "host", "host:", ":1", "::1:1", "host:65536", "host:1x", "host:-1", "[]:1"}) {
    CAF_CHECK(!parse_host_port(wrong, made));
  }
}
