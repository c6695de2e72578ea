#define CAF_SUITE topic_conf
// What native programs keep in topic.conf when CreatePartitions changes it.
#include "smq/topics/catalog.hpp"

#include "topics_memory_port.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::topics_testing;

namespace {

struct fixture {
  topics_memory_port port;
  topic_catalog catalog{port};
  unsigned char next_transaction = 100;

  topic_info create() {
    topic_spec spec;
    spec.name = "orders";
    spec.partitions = 2;
    create_answer answer;
    catalog.create(spec, 1787419353, test_id(7), test_id(next_transaction++), {}, [&](create_answer a) { answer = a; });
    CAF_REQUIRE(answer.code == create_result::created);
    return answer.topic;
  }

  topic_info get() {
    topic_answer answer;
    catalog.get("orders", {}, [&](topic_answer a) { answer = a; });
    return answer.topic;
  }

  update_answer update(const topic_info& before, const topic_info& after) {
    update_answer answer;
    catalog.update(before, after, test_id(next_transaction++), {}, [&](update_answer a) { answer = a; });
    return answer;
  }
};

}  // namespace

CAF_TEST_FIXTURE_SCOPE(topic_conf_tests, fixture)

CAF_TEST(added partitions leave what native programs keep in topic conf) {
  const auto before = create();
  auto grown = before;
  grown.partitions = 3;
  auto& conf = port.tree.at(topic_conf_path("orders"));
  const std::string tail = R"(,
  "retention": {"retentionSeconds":  "3600", "enabled":true},
  "messageRecordType": {"fields": [{"name": "}]\"{"}, {"brokerPartitionAssignments": []}]},
  "keyColumns": ["k"],  "schemaFormat": "protobuf", "later": [1, -2.5e3, null]
})";
  const auto fresh = make_topic_conf(before);
  conf.content = fresh.substr(0, fresh.find(",\n  \"retention\"")) + tail;
  conf.content.replace(conf.content.find("\"leaderBroker\": \"\""), 18, R"("leaderBroker": "b:1")");
  conf.attributes["theirs"] = "x";
  CAF_REQUIRE(update(before, grown).code == update_result::done);
  const auto wanted = make_topic_conf(grown);
  CAF_CHECK_EQUAL(port.tree.at(topic_conf_path("orders")).content,
                  wanted.substr(0, wanted.find(",\n  \"retention\"")) + tail);
  CAF_CHECK_EQUAL(port.tree.at(topic_conf_path("orders")).attributes.at("theirs"), "x");
}

CAF_TEST(a topic conf that cannot be read is not written anew) {
  const auto before = create();
  auto grown = before;
  grown.partitions = 3;
  auto& conf = port.tree.at(topic_conf_path("orders"));
  for (const auto* content : {"", "{", "[]", "{}}", "{\"a\": [}", "{\"a", "\xff\xfe", "7 {}",
                              R"({"brokerPartitionAssignments":[],"broker_partition_assignments":[]})"}) {
    conf.content = content;
    CAF_CHECK(update(before, grown).code == update_result::refused);
    CAF_CHECK_EQUAL(conf.content, content);
  }
  conf.content = "{}";
  conf.chunks = {{"in a chunk", 0, 1, 0}};
  CAF_CHECK(update(before, grown).code == update_result::refused);
  CAF_CHECK(get() == before);
  port.tree.erase(topic_conf_path("orders"));
  CAF_CHECK(update(before, grown).code == update_result::done);
  CAF_CHECK_EQUAL(port.tree.at(topic_conf_path("orders")).content, make_topic_conf(grown));
}

CAF_TEST(a topic conf without partitions gets them) {
  topic_info topic;
  topic.partitions = 2;
  const auto fresh = make_topic_conf(topic);
  const auto field = fresh.substr(1, fresh.find(",\n  \"retention\"") - 1);
  CAF_CHECK(grow_topic_conf("{}", topic) == "{" + field + "}");
  CAF_CHECK(grow_topic_conf(R"({"keyColumns": []} )", topic) == "{" + field + R"(,"keyColumns": []} )");
  const auto value = field.substr(field.find('['));
  CAF_CHECK(grow_topic_conf(R"({"broker_partition_assignments":7})", topic) ==
            R"({"broker_partition_assignments": )" + value + "}");
}

CAF_TEST(configs that change leave topic conf alone) {
  const auto before = create();
  auto after = before;
  after.configs["a"] = "1";
  auto& conf = port.tree.at(topic_conf_path("orders"));
  conf.content = "garbage";
  CAF_CHECK(update(before, after).code == update_result::done);
  CAF_CHECK_EQUAL(conf.content, "garbage");
}

CAF_TEST_FIXTURE_SCOPE_END()
