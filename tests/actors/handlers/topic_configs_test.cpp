#define CAF_SUITE topic_configs
// What a topic config may be and how it is kept and shown.
#include "messages/kafka/create_topics.hpp"
#include "messages/kafka/describe_configs.hpp"
#include "messages/kafka/incremental_alter_configs.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace kafka;
using enum error_code;

namespace {

constexpr std::int8_t topic_type = 2;

using answer = std::pair<error_code, std::string>;
using shown = describe_configs_response::config;

struct configs_fixture : handler_fixture {
  answer set(const std::string& key, const std::string& value) {
    incremental_alter_configs_request asked;
    asked.resources.push_back({topic_type, "t", {{key, 0, value}}});
    const auto found = ask<incremental_alter_configs_response>(asked, 1).responses.at(0);
    return {found.error_code, found.error_message.value_or("")};
  }

  answer create(const std::string& name, const std::string& key, std::optional<std::string> value) {
    create_topics_request asked;
    auto& wanted = asked.topics.emplace_back();
    wanted.name = name;
    wanted.num_partitions = 1;
    wanted.replication_factor = 1;
    wanted.configs.push_back({key, std::move(value)});
    const auto found = ask<create_topics_response>(asked, 7).topics.at(0);
    return {found.error_code, found.error_message.value_or("")};
  }

  shown config(const std::string& key, const std::string& name = "t") {
    describe_configs_request asked;
    asked.resources.push_back({topic_type, name, std::vector{key}});
    asked.include_documentation = true;
    const auto found = ask<describe_configs_response>(asked, 4).results.at(0);
    CAF_REQUIRE_EQUAL(found.configs.size(), 1u);
    return found.configs[0];
  }
};

const answer fine{none, ""};

}  // namespace

CAF_TEST_FIXTURE_SCOPE(topic_configs_tests, configs_fixture)

CAF_TEST(values are read as Kafka reads them and kept as it shows them) {
  struct {
    const char* key;
    const char* given;
    const char* kept;
  } const rows[] = {
    {"retention.ms", " 5 ", "5"},
    {"retention.bytes", "+5", "5"},
    {"retention.bytes", "\t-1\n", "-1"},
    {"max.message.bytes", "007", "7"},
    {"message.timestamp.type", "LogAppendTime ", "LogAppendTime"},
    {"retention.protect.groups", " False", "false"},
    {"cleanup.policy", " delete ", "delete"},
    {"cleanup.policy", "", ""},
  };
  int topics = 0;
  for (const auto& row : rows) {
    CAF_MESSAGE(row.key << " " << row.given);
    CAF_CHECK(set(row.key, row.given) == fine);
    CAF_CHECK_EQUAL(config(row.key).value.value_or("null"), row.kept);
    const auto name = "created-" + std::to_string(++topics);
    CAF_CHECK(create(name, row.key, row.given) == fine);
    CAF_CHECK_EQUAL(config(row.key, name).value.value_or("null"), row.kept);
  }
  for (const auto* bad : {"", " ", "+", "+-5", "5 5", "5L", "0x5"})
    CAF_CHECK(set("retention.ms", bad).first == invalid_config);
  CAF_CHECK(set("message.timestamp.type", "").first == invalid_config);
  CAF_CHECK(set("message.timestamp.type", "logappendtime").first == invalid_config);
}

CAF_TEST(a topic is not created with a config that has no value) {
  CAF_CHECK(create("new", "cleanup.policy", std::nullopt) ==
            answer(invalid_config, "Null value not supported for topic configs: cleanup.policy"));
  CAF_CHECK(create("new", "cleanup.policy", "delete") == fine);
}

CAF_TEST_FIXTURE_SCOPE_END()
