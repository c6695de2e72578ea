#define CAF_SUITE describe_configs
// DescribeConfigs: of which resources, and where values come from.
#include "actors/handlers/topic_configs.hpp"
#include "actors/live_settings.hpp"
#include "messages/kafka/describe_configs.hpp"
#include "messages/kafka/incremental_alter_configs.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace kafka;
using enum error_code;

namespace {

enum resource_type : std::int8_t { a_topic = 2, a_broker = 4, a_broker_logger = 8, client_metrics = 16, a_group = 32 };

using strings = std::vector<std::string>;

std::string text_of(std::int8_t source, const std::string& name, const std::optional<std::string>& value) {
  return std::to_string(source) + ":" + name + "=" + value.value_or("null");
}

struct describe_fixture : handler_fixture {
  describe_configs_response::result describe(std::int8_t type, const std::string& name, strings keys = {},
                                             bool synonyms = true) {
    describe_configs_request asked;
    asked.resources.push_back({type, name, std::move(keys)});
    asked.include_synonyms = synonyms;
    return ask<describe_configs_response>(asked, 4).results.at(0);
  }

  /// "source:name=value" of a config, and then of its synonyms.
  strings origins(std::int8_t type, const std::string& name, const std::string& key) {
    const auto found = describe(type, name, {key});
    CAF_REQUIRE_EQUAL(found.configs.size(), 1u);
    const auto& config = found.configs[0];
    strings all{text_of(config.config_source, config.name, config.value)};
    for (const auto& s : config.synonyms) all.push_back(text_of(s.source, s.name, s.value));
    return all;
  }

  void set(const std::string& key, const std::string& value) {
    incremental_alter_configs_request asked;
    asked.resources.push_back({a_topic, "t", {{key, 0, value}}});
    CAF_CHECK(ask<incremental_alter_configs_response>(asked, 1).responses.at(0).error_code == none);
  }
};

}  // namespace

CAF_TEST_FIXTURE_SCOPE(describe_configs_tests, describe_fixture)

CAF_TEST(synonyms are the topic and then the node and then the default) {
  const std::string key = "max.message.bytes";
  const strings by_default{"5:max.message.bytes=1048588", "5:message.max.bytes=1048588"};
  CAF_CHECK(origins(a_topic, "t", key) == by_default);
  settings().message_max_bytes.set(2000);
  CAF_CHECK(origins(a_topic, "t", key) ==
            (strings{"4:max.message.bytes=2000", "4:message.max.bytes=2000", "5:message.max.bytes=1048588"}));
  set(key, "100");
  CAF_CHECK(origins(a_topic, "t", key) == (strings{"1:max.message.bytes=100", "1:max.message.bytes=100",
                                                   "4:message.max.bytes=2000", "5:message.max.bytes=1048588"}));
  CAF_CHECK(describe(a_topic, "t", {key}, false).configs.at(0).synonyms.empty());
}

CAF_TEST(what is no config of a broker has no synonym but the topic) {
  const std::string key = "leader.replication.throttled.replicas";
  CAF_CHECK(origins(a_topic, "t", key) == strings{"5:" + key + "="});
  set(key, "*");
  CAF_CHECK(origins(a_topic, "t", key) == (strings{"1:" + key + "=*", "1:" + key + "=*"}));
}

CAF_TEST(retention of a topic is its own or that of the node) {
  struct {
    const char* key;
    const char* of_node;
    const live<std::int64_t>& setting;
  } const rows[] = {
    {"retention.ms", "log.retention.ms", settings().retention_ms},
    {"retention.bytes", "log.retention.bytes", settings().retention_bytes},
  };
  for (const auto& row : rows) {
    const std::string key = row.key, of_node = row.of_node;
    CAF_CHECK(origins(a_topic, "t", key) == (strings{"5:" + key + "=-1", "5:" + of_node + "=-1"}));
    CAF_CHECK(origins(a_broker, "1", of_node) == (strings{"5:" + of_node + "=-1", "5:" + of_node + "=-1"}));
    row.setting.set(7);
    CAF_CHECK(origins(a_topic, "t", key) ==
              (strings{"4:" + key + "=7", "4:" + of_node + "=7", "5:" + of_node + "=-1"}));
    CAF_CHECK(origins(a_broker, "1", of_node) ==
              (strings{"4:" + of_node + "=7", "4:" + of_node + "=7", "5:" + of_node + "=-1"}));
    set(key, "-1");
    CAF_CHECK(origins(a_topic, "t", key) == (strings{"1:" + key + "=-1", "1:" + key + "=-1", "4:" + of_node + "=7",
                                                     "5:" + of_node + "=-1"}));
  }
}

CAF_TEST(a config of the broker is static when it is not the default) {
  CAF_CHECK(origins(a_broker, "1", "num.partitions") == (strings{"5:num.partitions=1", "5:num.partitions=1"}));
  settings().num_partitions.set(3);
  CAF_CHECK(origins(a_broker, "1", "num.partitions") ==
            (strings{"4:num.partitions=3", "4:num.partitions=3", "5:num.partitions=1"}));
  const auto all = describe(a_broker, "1", {}, false).configs;
  CAF_CHECK(all.size() > 1);
  for (const auto& config : all) {
    CAF_CHECK_EQUAL(int{config.config_source}, config.name == "num.partitions" ? 4 : 5);
    CAF_CHECK(config.read_only);
    CAF_CHECK(config.synonyms.empty());
  }
}

CAF_TEST(the defaults of the options are the defaults that are shown) {
  const actors::live_settings fresh;
  fresh.follow(actors::options{});
  for (const auto& config : actors::handlers::broker_configs(fresh.handlers))
    CAF_CHECK_EQUAL(int{config.source()}, int{actors::handlers::shown_config::default_source});
  for (const auto& config : actors::handlers::topic_configs({}, fresh.handlers))
    CAF_CHECK_EQUAL(int{config.source()}, int{actors::handlers::shown_config::default_source});
}

CAF_TEST(nothing is dynamic for all brokers and other resources have no configs) {
  struct {
    std::int8_t type;
    const char* name;
  } const empty[] = {{a_broker, ""}, {a_broker_logger, "1"}, {client_metrics, "all"}, {a_group, "g"}};
  for (const auto& row : empty) {
    const auto found = describe(row.type, row.name);
    CAF_CHECK(found.error_code == none);
    CAF_CHECK(!found.error_message.has_value());
    CAF_CHECK(found.configs.empty());
    CAF_CHECK_EQUAL(int{found.resource_type}, int{row.type});
    CAF_CHECK_EQUAL(found.resource_name, row.name);
  }
  CAF_CHECK(describe(a_broker, "2").error_code == invalid_request);
  CAF_CHECK(describe(1, "x").error_code == invalid_request);
  CAF_CHECK(describe(a_topic, "absent").error_code == unknown_topic_or_partition);
}

CAF_TEST(names that nothing has are told apart) {
  const auto answer = [this](std::int8_t type, const std::string& name) {
    const auto found = describe(type, name);
    CAF_CHECK(found.configs.empty());
    return std::pair{found.error_code, found.error_message.value_or("")};
  };
  CAF_CHECK(answer(a_topic, "a b").first == invalid_topic_exception);
  CAF_CHECK(answer(a_topic, "").first == invalid_topic_exception);
  CAF_CHECK(answer(a_topic, "absent").first == unknown_topic_or_partition);
  CAF_CHECK((answer(a_broker, "7") ==
             std::pair{invalid_request, std::string("Unexpected broker id, expected 1 or empty string, but received 7")}));
  CAF_CHECK((answer(a_broker, "x") ==
             std::pair{invalid_request, std::string("Broker id must be an integer, but it is: x")}));
}

CAF_TEST(a resource that is named again is answered once with all that was asked) {
  describe_configs_request asked;
  asked.resources.push_back({a_topic, "t", strings{"retention.ms"}});
  asked.resources.push_back({a_broker, "1", strings{"num.partitions"}});
  asked.resources.push_back({a_topic, "t", strings{"retention.bytes", "retention.ms"}});
  auto found = ask<describe_configs_response>(asked, 4).results;
  CAF_REQUIRE_EQUAL(found.size(), 2u);
  CAF_CHECK_EQUAL(found[0].configs.size(), 2u);
  CAF_CHECK_EQUAL(found[1].configs.size(), 1u);
  asked.resources.push_back({a_topic, "t", std::nullopt});
  found = ask<describe_configs_response>(asked, 4).results;
  CAF_REQUIRE_EQUAL(found.size(), 2u);
  CAF_CHECK_EQUAL(found[0].configs.size(), describe(a_topic, "t").configs.size());
}

CAF_TEST_FIXTURE_SCOPE_END()
