#define CAF_SUITE cluster_admin
// DescribeCluster, ListConfigResources, DescribeLogDirs, ListGroups.
#include "messages/kafka/describe_cluster.hpp"
#include "messages/kafka/describe_log_dirs.hpp"
#include "messages/kafka/list_config_resources.hpp"
#include "messages/kafka/list_groups.hpp"
#include "smq/names.hpp"
#include "tests/actors/handlers/handler_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace kafka;
using enum error_code;

namespace {

using topics = std::vector<describe_log_dirs_request::topic>;

struct admin_fixture : handler_fixture {
  std::vector<std::string> resources(std::vector<std::int8_t> types, std::int16_t version = 1) {
    list_config_resources_request asked;
    asked.resource_types = std::move(types);
    const auto found = ask<list_config_resources_response>(asked, version);
    std::vector<std::string> all;
    if (found.error_code != none) all.push_back("error " + std::to_string(static_cast<int>(found.error_code)));
    for (const auto& r : found.config_resources) all.push_back(std::to_string(r.resource_type) + " " + r.resource_name);
    return all;
  }

  describe_log_dirs_response::result log_dir(std::optional<topics> wanted) {
    describe_log_dirs_request asked;
    asked.topics = std::move(wanted);
    const auto found = ask<describe_log_dirs_response>(asked, 5);
    CAF_CHECK(found.error_code == none);
    CAF_REQUIRE_EQUAL(found.results.size(), 1u);
    return found.results[0];
  }

  /// "topic/partition" → bytes.
  std::map<std::string, std::int64_t> sizes(std::optional<topics> wanted) {
    std::map<std::string, std::int64_t> all;
    const auto found = log_dir(std::move(wanted));
    CAF_CHECK(found.error_code == none);
    for (const auto& t : found.topics)
      for (const auto& p : t.partitions) {
        CAF_CHECK_EQUAL(p.offset_lag, 0);
        CAF_CHECK(!p.is_future_key);
        CAF_CHECK(all.emplace(t.name + "/" + std::to_string(p.partition_index), p.partition_size).second);
      }
    return all;
  }

  std::size_t actors_running() { return node.system->registry().running(); }
};

using strings = std::vector<std::string>;

}  // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_admin_tests, admin_fixture)

CAF_TEST(DescribeCluster shows this node as all there is) {
  describe_cluster_request asked;
  for (std::int16_t version = 0; version <= 2; ++version) {
    const auto found = ask<describe_cluster_response>(asked, version);
    CAF_CHECK(found.error_code == none);
    CAF_CHECK_EQUAL(found.controller_id, 1);
    CAF_CHECK_EQUAL(found.cluster_authorized_operations, INT32_MIN);
    CAF_REQUIRE_EQUAL(found.brokers.size(), 1u);
    CAF_CHECK_EQUAL(found.brokers[0].broker_id, 1);
    CAF_CHECK_EQUAL(found.brokers[0].host, "localhost");
  }
  asked.include_cluster_authorized_operations = true;
  // As Kafka without an authorizer: create, cluster action, describe and alter configs, idempotent write, alter, describe.
  CAF_CHECK_EQUAL(ask<describe_cluster_response>(asked, 2).cluster_authorized_operations, 8096);
  asked.endpoint_type = 2;
  CAF_CHECK(ask<describe_cluster_response>(asked, 1).error_code == mismatched_endpoint_type);
  asked.endpoint_type = 3;
  CAF_CHECK(ask<describe_cluster_response>(asked, 1).error_code == unsupported_endpoint_type);
}

CAF_TEST(config resources are topics and this node) {
  node.create("a");
  restart();  // so that the list must come from the store
  CAF_CHECK(resources({}) == (strings{"4 1", "2 a", "2 t"}));
  CAF_CHECK(resources({4}) == (strings{"4 1"}));
  CAF_CHECK(resources({2}) == (strings{"2 a", "2 t"}));
  CAF_CHECK(resources({8, 16, 32}).empty());
  CAF_CHECK(resources({2, 1}) == (strings{"error 35"}));
  CAF_CHECK(resources({}, 0).empty());  // client metrics only
}

CAF_TEST(a topic that cannot be read is listed and makes no size up) {
  node.create("u");
  const auto good = exchange(smq::topic_entry_path("u"), "garbage");
  restart();
  CAF_CHECK(resources({2}) == (strings{"2 t", "2 u"}));
  CAF_CHECK(log_dir(std::nullopt).error_code == kafka_storage_error);
  CAF_CHECK(log_dir(topics{{"u", {0}}}).error_code == kafka_storage_error);
  CAF_CHECK_EQUAL(sizes(topics{{"t", {0}}}).size(), 1u);
  exchange(smq::topic_entry_path("u"), good);
  restart();
  CAF_CHECK_EQUAL(sizes(std::nullopt).size(), 3u);
}

CAF_TEST(log directories have the bytes of every partition and start no actor for it) {
  const auto batch = batch_of(0, 20);
  CAF_CHECK_EQUAL(node.append(topic, batch, 1).base_offset, 0);
  const auto one = sizes(std::nullopt).at("t/1");
  CAF_CHECK(one > static_cast<std::int64_t>(batch.size()));  // and the frame around it
  CAF_CHECK(one < static_cast<std::int64_t>(batch.size()) + 300);
  CAF_CHECK_EQUAL(node.append(topic, batch_of(20, 20), 1).base_offset, 20);
  node.create("wide", 40);
  restart();
  const auto before = actors_running();
  auto all = sizes(std::nullopt);
  CAF_CHECK_EQUAL(all.size(), 42u);
  CAF_CHECK_EQUAL(all.at("t/0"), 0);
  CAF_CHECK(all.at("t/1") >= 2 * one - 10);
  CAF_CHECK_EQUAL(all.at("wide/39"), 0);
  CAF_CHECK_EQUAL(actors_running(), before);
}

CAF_TEST(only what is asked for and exists is in log directories) {
  auto some = sizes(topics{{"t", {1, 1, 2, -1}}, {"absent", {0}}, {"no name", {0}}});
  CAF_CHECK_EQUAL(some.size(), 1u);
  CAF_CHECK_EQUAL(some.count("t/1"), 1u);
  CAF_CHECK(sizes(topics{}).empty());
}

CAF_TEST(a size that cannot be read is an error of the directory) {
  CAF_CHECK_EQUAL(node.append(topic, batch_of(0)).base_offset, 0);
  node.ports->reads_fail = 1;
  const auto found = log_dir(topics{{"t", {0, 1}}});
  CAF_CHECK(found.error_code == kafka_storage_error);
  CAF_CHECK(found.topics.empty());
  CAF_CHECK(sizes(topics{{"t", {0, 1}}}).at("t/0") > 0);
}

CAF_TEST(a group whose entry is damaged is not listed as one of native subscribers) {
  CAF_CHECK(commit("g", 5) == none);
  CAF_CHECK(commit("h", 5) == none);
  exchange(smq::group_entry_path("g"), "garbage");
  restart();
  const auto found = ask<list_groups_response>(list_groups_request{}, 4);
  CAF_CHECK(found.error_code == none);
  CAF_REQUIRE_EQUAL(found.groups.size(), 1u);
  CAF_CHECK_EQUAL(found.groups[0].group_id, "h");
}

CAF_TEST_FIXTURE_SCOPE_END()
