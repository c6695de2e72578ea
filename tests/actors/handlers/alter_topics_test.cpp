#define CAF_SUITE alter_topics
// CreatePartitions, AlterConfigs, IncrementalAlterConfigs: Kafka's checks, in its words.
#include "messages/kafka/create_partitions.hpp"
#include "messages/kafka/metadata.hpp"
#include "tests/actors/handlers/configs_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace kafka;
using enum error_code;

namespace {

constexpr auto topic_type = configs_fixture::topic_type;
constexpr std::int8_t broker_type = 4;
enum op : std::int8_t { set, remove_it, append_to, subtract };

using answer = configs_fixture::answer;

struct alter_fixture : configs_fixture {
  answer grow(std::int32_t count, std::optional<std::vector<create_partitions_request::assignment>> assignments = {},
              const std::string& name = "t", bool validate_only = false) {
    create_partitions_request asked;
    asked.topics.push_back({name, count, std::move(assignments)});
    asked.validate_only = validate_only;
    const auto found = ask<create_partitions_response>(asked, 3).results.at(0);
    CAF_CHECK_EQUAL(found.name, name);
    return {found.error_code, found.error_message.value_or("")};
  }

  std::size_t partitions() {
    metadata_request asked;
    asked.topics->push_back({uuid{}, "t"});
    return ask<metadata_response>(asked, 12).topics.at(0).partitions.size();
  }

  /// Value and source, as DescribeConfigs shows them.
  std::pair<std::string, int> config(const std::string& key) {
    const auto found = described(key);
    return {found.value.value_or(""), found.config_source};
  }
};

const answer fine{none, ""};
const std::pair<std::string, int> forever{"-1", 5};  // the default

}  // namespace

CAF_TEST_FIXTURE_SCOPE(alter_topics_tests, alter_fixture)

CAF_TEST(partitions are only added) {
  CAF_CHECK(grow(2) == answer(invalid_partitions, "Topic already has 2 partition(s)."));
  CAF_CHECK(grow(1) == answer(invalid_partitions,
                              "The topic t currently has 2 partition(s); 1 would not be an increase."));
  CAF_CHECK(grow(-1).first == invalid_partitions);
  CAF_CHECK(grow(10'001).first == invalid_partitions);
  CAF_CHECK(grow(3, {}, "absent") == answer(unknown_topic_or_partition, ""));
  CAF_CHECK(grow(5, {}, "t", true) == fine);
  CAF_CHECK_EQUAL(partitions(), 2u);
  CAF_CHECK(grow(5) == fine);
  CAF_CHECK_EQUAL(partitions(), 5u);
  CAF_CHECK(grow(10'000) == fine);
  CAF_CHECK_EQUAL(partitions(), 10'000u);
}

CAF_TEST(an assignment names this node once for every new partition) {
  using assignments = std::vector<create_partitions_request::assignment>;
  CAF_CHECK(grow(4, assignments{{{1}}}) ==
            answer(invalid_replica_assignment,
                   "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified."));
  CAF_CHECK(grow(3, assignments{{{2}}}) ==
            answer(invalid_replica_assignment,
                   "The manual partition assignment includes broker 2, but no such broker is registered."));
  CAF_CHECK(grow(3, assignments{{{}}}).first == invalid_replica_assignment);
  CAF_CHECK(grow(3, assignments{{{1, 1}}}).first == invalid_replica_assignment);
  CAF_CHECK_EQUAL(partitions(), 2u);
  CAF_CHECK(grow(4, assignments{{{1}}, {{1}}}) == fine);
  CAF_CHECK_EQUAL(partitions(), 4u);
}

CAF_TEST(a topic that is named twice is not changed) {
  create_partitions_request asked;
  asked.topics = {{"t", 3, std::nullopt}, {"t", 4, std::nullopt}};
  const auto found = ask<create_partitions_response>(asked, 0).results;
  CAF_REQUIRE_EQUAL(found.size(), 1u);
  CAF_CHECK(found[0].error_code == invalid_request);
  CAF_CHECK_EQUAL(partitions(), 2u);
}

CAF_TEST(a group keeps its positions when its topic grows) {
  CAF_CHECK(commit("g", 7) == none);
  CAF_CHECK(grow(4) == fine);
  CAF_CHECK_EQUAL(position("g"), 7);
  CAF_CHECK_EQUAL(position("g", 3), -1);
  CAF_CHECK(commit("g", 5, 3) == none);
  restart();
  CAF_CHECK_EQUAL(position("g"), 7);
  CAF_CHECK_EQUAL(position("g", 3), 5);
}

CAF_TEST(a config is set and removed) {
  CAF_CHECK(config("retention.ms") == forever);
  CAF_CHECK(edit("retention.ms", set, "5000", "t", topic_type, true) == fine);
  CAF_CHECK(config("retention.ms") == forever);
  CAF_CHECK(edit("retention.ms", set, "5000") == fine);
  CAF_CHECK(edit("retention.bytes", set, "7") == fine);
  CAF_CHECK(config("retention.ms") == std::make_pair(std::string("5000"), 1));
  CAF_CHECK(edit("retention.ms", remove_it, std::nullopt) == fine);
  CAF_CHECK(config("retention.ms") == forever);
  CAF_CHECK(edit("no.such.config", remove_it, std::nullopt) == fine);  // as in Kafka
  restart();
  CAF_CHECK(config("retention.bytes") == std::make_pair(std::string("7"), 1));
}

CAF_TEST(AlterConfigs puts everything that it does not name back to its default) {
  CAF_CHECK(replace({{"retention.ms", "1"}, {"max.message.bytes", "2"}}) == fine);
  CAF_CHECK(replace({{"max.message.bytes", "3"}}, "t", topic_type, true) == fine);
  CAF_CHECK(config("retention.ms").first == "1");
  CAF_CHECK(replace({{"max.message.bytes", "3"}}) == fine);
  CAF_CHECK(config("retention.ms") == forever);
  CAF_CHECK(config("max.message.bytes").first == "3");
  CAF_CHECK(replace({}) == fine);
  CAF_CHECK(config("max.message.bytes") == std::make_pair(std::string("1048588"), 5));
}

CAF_TEST(bad configs are refused in the words of Kafka and change nothing) {
  struct {
    const char* key;
    const char* value;
    const char* message;
  } const rows[] = {
    {"no.such.config", "1", "Unknown topic config name: no.such.config"},
    {"retention.ms", "soon", "Invalid value soon for configuration retention.ms: Not a number of type LONG"},
    {"retention.ms", "-2", "Invalid value -2 for configuration retention.ms: Value must be at least -1"},
    {"max.message.bytes", "2147483648",
     "Invalid value 2147483648 for configuration max.message.bytes: Not a number of type INT"},
    {"message.timestamp.type", "Never",
     "Invalid value Never for configuration message.timestamp.type: String must be one of: CreateTime, LogAppendTime"},
    {"cleanup.policy", "compact", "Invalid value compact for configuration cleanup.policy: String must be one of: delete"},
    {"retention.protect.groups", "yes",
     "Invalid value yes for configuration retention.protect.groups: Expected value to be either true or false"},
  };
  CAF_CHECK(edit("retention.ms", set, "5") == fine);
  for (const auto& row : rows) {
    CAF_CHECK(edit(row.key, set, row.value) == answer(invalid_config, row.message));
    CAF_CHECK(replace({{"retention.bytes", "1"}, {row.key, row.value}}) == answer(invalid_config, row.message));
    CAF_CHECK(edit(row.key, set, row.value, "t", topic_type, true).first == invalid_config);
  }
  CAF_CHECK_EQUAL(config("retention.ms").first, "5");
  CAF_CHECK_EQUAL(config("retention.bytes").first, "-1");
}

CAF_TEST(lists are appended to and subtracted from and nothing else is) {
  CAF_CHECK(edit("cleanup.policy", append_to, "delete") == fine);
  CAF_CHECK_EQUAL(config("cleanup.policy").first, "delete");
  CAF_CHECK(edit("cleanup.policy", append_to, "compact").first == invalid_config);
  CAF_CHECK(edit("cleanup.policy", subtract, "compact") == fine);
  CAF_CHECK_EQUAL(config("cleanup.policy").first, "delete");
  CAF_CHECK(edit("cleanup.policy", subtract, "delete") == fine);
  CAF_CHECK(config("cleanup.policy") == std::make_pair(std::string(), 1));
  CAF_CHECK(edit("cleanup.policy", append_to, " delete , delete") == fine);
  CAF_CHECK_EQUAL(config("cleanup.policy").first, "delete");
  CAF_CHECK(edit("retention.ms", append_to, "1") ==
            answer(invalid_config, "Can't APPEND to key retention.ms because its type is not LIST."));
  CAF_CHECK(edit("nothing", subtract, "1") ==
            answer(invalid_config, "Can't SUBTRACT to key nothing because its type is not LIST."));
}

CAF_TEST(requests that make no sense are refused) {
  CAF_CHECK(edit("retention.ms", set, std::nullopt) ==
            answer(invalid_request, "Null value not supported for : retention.ms"));
  CAF_CHECK(edit("cleanup.policy", append_to, std::nullopt).first == invalid_request);
  CAF_CHECK(replace({{"retention.ms", std::nullopt}}).first == invalid_request);
  CAF_CHECK(edit("retention.ms", 9, "1") == answer(invalid_request, "Unknown operation type id 9"));
  CAF_CHECK(replace({{"retention.ms", "1"}, {"retention.ms", "2"}}) ==
            answer(invalid_request, "Error due to duplicate config keys"));
  CAF_CHECK(edit("retention.ms", set, "1", "absent") ==
            answer(unknown_topic_or_partition, "The topic 'absent' does not exist."));
  CAF_CHECK(edit("retention.ms", set, "soon", "absent").first == invalid_config);
  CAF_CHECK(edit("retention.ms", set, "1", "no name").first == invalid_topic_exception);
  CAF_CHECK(edit("retention.ms", set, "1", "") == answer(invalid_request, "Default topic resources are not allowed."));
  CAF_CHECK(edit("interval.ms", set, "1", "x", 16) == answer(invalid_request, "Unknown resource type 16"));
  incremental_alter_configs_request twice;
  twice.resources = {{topic_type, "t", {{"retention.ms", set, "1"}}}, {topic_type, "t", {}}};
  for (const auto& found : ask<incremental_alter_configs_response>(twice, 0).responses)
    CAF_CHECK_EQUAL(found.error_message.value_or(""), "Each resource must appear at most once.");
  CAF_CHECK(config("retention.ms") == forever);
}

CAF_TEST(the configs of a broker are not dynamic) {
  const answer no{invalid_request, "Cannot update these configs dynamically: [num.partitions]"};
  for (const auto* name : {"", "1"}) {
    CAF_CHECK(edit("num.partitions", set, "3", name, broker_type) == no);
    CAF_CHECK(replace({{"num.partitions", "3"}}, name, broker_type) == no);
  }
  CAF_CHECK(edit("num.partitions", set, "3", "2", broker_type) ==
            answer(invalid_request, "Unexpected broker id, expected 1, but received 2"));
  CAF_CHECK(replace({}, "1", broker_type) == fine);
  CAF_CHECK(edit("num.partitions", remove_it, std::nullopt, "1", broker_type) == fine);
}

CAF_TEST_FIXTURE_SCOPE_END()
