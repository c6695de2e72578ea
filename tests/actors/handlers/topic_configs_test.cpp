#define CAF_SUITE topic_configs
// What a topic config may be and how it is kept and shown.
#include "messages/kafka/create_topics.hpp"
#include "tests/actors/handlers/configs_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace kafka;
using enum error_code;

namespace {

using answer = configs_fixture::answer;

struct topic_configs_fixture : configs_fixture {
  answer set(const std::string& key, const std::string& value, std::int8_t operation = 0) {
    return edit(key, operation, value);
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
};

const answer fine{none, ""};

constexpr const char* longest = "9223372036854775807";
enum type : std::int8_t { a_boolean = 1, an_int = 3, a_long = 5, a_double = 6, a_list = 7 };  // Kafka's numbers

/// Kafka's type and default, its least value (or the only one), and one that it refuses.
struct {
  const char* key;
  type kind;
  const char* by_default;
  const char* good;
  const char* bad;
} const without_effect[] = {
  {"compression.gzip.level", an_int, "-1", "9", "0"},
  {"compression.lz4.level", an_int, "9", "17", "18"},
  {"compression.zstd.level", an_int, "3", "-131072", "23"},
  {"delete.retention.ms", a_long, "86400000", "0", "-1"},
  {"file.delete.delay.ms", a_long, "60000", "0", "-1"},
  {"flush.messages", a_long, longest, "1", "0"},
  {"flush.ms", a_long, longest, "0", "-1"},
  {"follower.replication.throttled.replicas", a_list, "", "*", "0:1,*"},
  {"index.interval.bytes", an_int, "4096", "0", "2147483648"},
  {"leader.replication.throttled.replicas", a_list, "", "0:1,10:101", "0"},
  {"local.retention.bytes", a_long, "-2", "-1", "-3"},
  {"local.retention.ms", a_long, "-2", "-1", "-3"},
  {"max.compaction.lag.ms", a_long, longest, "1", "0"},
  {"min.cleanable.dirty.ratio", a_double, "0.5", "1", "1.01"},
  {"min.compaction.lag.ms", a_long, "0", longest, "-1"},
  {"preallocate", a_boolean, "false", "true", "1"},
  {"remote.log.copy.disable", a_boolean, "false", "true", "1"},
  {"remote.log.delete.on.disable", a_boolean, "false", "true", "1"},
  {"remote.storage.enable", a_boolean, "false", "false", "true"},
  {"segment.bytes", an_int, "1073741824", "1048576", "1048575"},
  {"segment.index.bytes", an_int, "10485760", "4", "3"},
  {"segment.jitter.ms", a_long, "0", "0", "-1"},
  {"segment.ms", a_long, "604800000", "1", "0"},
  {"unclean.leader.election.enable", a_boolean, "false", "true", "never"},
};

}  // namespace

CAF_TEST_FIXTURE_SCOPE(topic_configs_tests, topic_configs_fixture)

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
    CAF_CHECK_EQUAL(described(row.key).value.value_or("null"), row.kept);
    const auto name = "created-" + std::to_string(++topics);
    CAF_CHECK(create(name, row.key, row.given) == fine);
    CAF_CHECK_EQUAL(described(row.key, name).value.value_or("null"), row.kept);
  }
  for (const auto* bad : {"", " ", "+", "+-5", "5 5", "5L", "0x5"})
    CAF_CHECK(set("retention.ms", bad).first == invalid_config);
  CAF_CHECK(set("message.timestamp.type", "").first == invalid_config);
  CAF_CHECK(set("message.timestamp.type", "logappendtime").first == invalid_config);
}

CAF_TEST(configs of Kafka that have no effect are taken and checked and say so) {
  int topics = 0;
  for (const auto& row : without_effect) {
    CAF_MESSAGE(row.key);
    const auto before = described(row.key);
    CAF_CHECK_EQUAL(before.value.value_or("null"), row.by_default);
    CAF_CHECK_EQUAL(int{before.config_source}, 5);
    CAF_CHECK_EQUAL(int{before.config_type}, int{row.kind});
    const bool is_fixed = before.name == "remote.storage.enable";  // its other value is refused
    CAF_CHECK(is_fixed || before.documentation.value_or("").starts_with("No effect: "));
    CAF_CHECK(set(row.key, row.bad).first == invalid_config);
    CAF_CHECK(replace({{row.key, row.bad}}).first == invalid_config);
    const auto name = "created-" + std::to_string(++topics);
    CAF_CHECK(create(name, row.key, row.bad).first == invalid_config);
    CAF_CHECK(create(name, row.key, row.good) == fine);
    CAF_CHECK_EQUAL(described(row.key, name).value.value_or("null"), row.good);
    CAF_CHECK(replace({{row.key, row.good}}) == fine);
    CAF_CHECK(set(row.key, row.good) == fine);
    const auto after = described(row.key);
    CAF_CHECK_EQUAL(after.value.value_or("null"), row.good);
    CAF_CHECK_EQUAL(int{after.config_source}, 1);
    CAF_CHECK(replace({}) == fine);
  }
}

CAF_TEST(ratios are numbers from 0 to 1) {
  for (const auto* good : {"0", "1", " +0.25 ", "1e-3", ".5"})
    CAF_CHECK(set("min.cleanable.dirty.ratio", good) == fine);
  for (const auto* bad : {"", "-0.1", "2", "nan", "inf", "half", "0.5x", "+-0"})
    CAF_CHECK(set("min.cleanable.dirty.ratio", bad).first == invalid_config);
}

CAF_TEST(throttled replicas are all of them or pairs) {
  const std::string key = "leader.replication.throttled.replicas";
  for (const auto* good : {"", "*", "0:1", "0:1, 1:1"}) CAF_CHECK(set(key, good) == fine);
  for (const auto* bad : {"0:", ":1", "0:1:2", "a:1", "0:b", "0 :1", "-1:1", "**"})
    CAF_CHECK(set(key, bad).first == invalid_config);
  CAF_CHECK_EQUAL(described(key).value.value_or("null"), "0:1,1:1");
  CAF_CHECK(set(key, "1:1,2:1", 2) == fine);
  CAF_CHECK(set(key, "0:1", 3) == fine);
  CAF_CHECK_EQUAL(described(key).value.value_or("null"), "1:1,2:1");
}

CAF_TEST(a list that grows stays short enough to be shown) {
  const std::string key = "leader.replication.throttled.replicas";
  std::string first = "1:1", second = "2:1";
  for (std::int64_t p = 100'000'000'000'000; p < 100'000'000'003'000; ++p)
    (p % 2 == 0 ? first : second) += "," + std::to_string(p) + ":1";
  CAF_CHECK(set(key, first) == fine);
  CAF_CHECK(set(key, second, 2).first == invalid_config);
  CAF_CHECK(described(key).value.value_or("null") == first);
}

CAF_TEST(the least compaction lag is no more than the largest) {
  const answer conflict{invalid_config,
                        "conflict topic config setting min.compaction.lag.ms (6) > max.compaction.lag.ms (5)"};
  CAF_CHECK(set("max.compaction.lag.ms", "5") == fine);
  CAF_CHECK(set("min.compaction.lag.ms", "6") == conflict);
  CAF_CHECK(set("min.compaction.lag.ms", "5") == fine);
  CAF_CHECK(replace({{"max.compaction.lag.ms", "5"}, {"min.compaction.lag.ms", "6"}}) == conflict);
}

CAF_TEST(what would promise something else stays refused) {
  CAF_CHECK(set("compression.type", "zstd").first == invalid_config);
  CAF_CHECK(set("cleanup.policy", "compact,delete").first == invalid_config);
  CAF_CHECK(set("remote.storage.enable", "true") ==
            answer(invalid_config, "Invalid value true for configuration remote.storage.enable: Value must be false"));
}

CAF_TEST(a topic is not created with a config that has no value) {
  CAF_CHECK(create("new", "cleanup.policy", std::nullopt) ==
            answer(invalid_config, "Null value not supported for topic configs: cleanup.policy"));
  CAF_CHECK(create("new", "cleanup.policy", "delete") == fine);
}

CAF_TEST_FIXTURE_SCOPE_END()
