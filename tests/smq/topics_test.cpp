#define CAF_SUITE smq_topics

#include "smq/topics/catalog.hpp"

#include "topics_memory_port.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <set>
#include <utility>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::topics_testing;

namespace {

constexpr std::int64_t some_second = 1787419353;

struct fixture {
  topics_memory_port port;
  topic_catalog catalog{port};
  unsigned char next_transaction = 100;

  create_answer create(const topic_spec& spec, std::int64_t now_second, unsigned char id) {
    create_answer answer;
    catalog.create(spec, now_second, test_id(id), test_id(next_transaction++), {},
                   [&](create_answer a) { answer = a; });
    return answer;
  }

  create_answer create(const std::string& name, std::int64_t now_second, unsigned char id) {
    topic_spec spec;
    spec.name = name;
    spec.partitions = 2;
    return create(spec, now_second, id);
  }

  topic_answer get(const std::string& name) {
    topic_answer answer;
    catalog.get(name, {}, [&](topic_answer a) { answer = a; });
    return answer;
  }

  update_answer update(const topic_info& before, const topic_info& after) {
    update_answer answer;
    catalog.update(before, after, test_id(next_transaction++), {}, [&](update_answer a) { answer = a; });
    return answer;
  }

  remove_answer begin_remove(const std::string& name, const uuid& only_id = {}) {
    remove_answer answer;
    catalog.begin_remove(name, only_id, test_id(next_transaction++), {}, [&](remove_answer a) { answer = a; });
    return answer;
  }

  remove_answer finish_remove(const std::string& name, unsigned char id) {
    remove_answer answer;
    catalog.finish_remove(name, test_id(id), test_id(next_transaction++), {}, [&](remove_answer a) { answer = a; });
    return answer;
  }
};

topic_info sample() {
  topic_info topic;
  topic.name = "orders";
  topic.id = test_id(7);
  topic.partitions = 2;
  topic.configs = {{"retention.ms", "-1"}};
  topic.creation_second = some_second;
  return topic;
}

topic_info half_removed(const std::string& name, unsigned char id) {
  topic_info topic;
  topic.name = name;
  topic.id = test_id(id);
  topic.creation_second = some_second;
  topic.state = topic_state::deleting;
  return topic;
}

}  // namespace

CAF_TEST_FIXTURE_SCOPE(topics_tests, fixture)

CAF_TEST(the entries have their golden bytes) {
  CAF_CHECK_EQUAL(to_hex(encode_name_record({topic_state::deleting, test_id(7), some_second, test_id(9), "orders"})),
                  "0102"
                  "00000000000000000000000000000007"
                  "000000006a89dad9"
                  "00000000000000000000000000000009"
                  "00066f7264657273");
  CAF_CHECK_EQUAL(to_hex(encode_topic_entry(sample()).value()),
                  "0101"
                  "00000000000000000000000000000007"
                  "000000006a89dad9"
                  "00000002"
                  "00000258"
                  "00066f7264657273"
                  "00000001"
                  "000c726574656e74696f6e2e6d73"
                  "00022d31");
}

CAF_TEST(topic conf is the protojson that brokers adopt) {
  auto topic = sample();
  topic.partitions = 1;
  CAF_CHECK_EQUAL(make_topic_conf(topic), R"({
  "brokerPartitionAssignments": [
    {
      "partition": {
        "ringSize": 4096,
        "rangeStart": 0,
        "rangeStop": 31,
        "unixTimeNs": "1787419353000000000"
      },
      "leaderBroker": "",
      "followerBroker": ""
    }
  ],
  "retention": null,
  "messageRecordType": null,
  "keyColumns": [],
  "schemaFormat": ""
})");
}

CAF_TEST(codecs ignore trailing bytes and refuse cut and unknown ones) {
  const name_record record{topic_state::live, test_id(7), some_second, test_id(9), "orders"};
  const auto name = encode_name_record(record);
  const auto topic = encode_topic_entry(sample()).value();
  CAF_CHECK(decode_name_record(name + "later") == record);
  CAF_CHECK(decode_topic_entry(topic + "later") == sample());
  for (std::size_t size = 0; size < name.size(); ++size) CAF_CHECK(!decode_name_record(name.substr(0, size)));
  for (std::size_t size = 0; size < topic.size(); ++size) CAF_CHECK(!decode_topic_entry(topic.substr(0, size)));
  CAF_CHECK(!decode_name_record("\x02" + name.substr(1)));
  CAF_CHECK(!decode_topic_entry("\x02" + topic.substr(1)));
}

CAF_TEST(mutated entries never crash and never read as absent) {
  CAF_CHECK(rc::check("mutated", [](std::size_t place, char byte, bool in_name) {
    fixture f;
    f.create("orders", some_second, 7);
    auto& content = f.port.tree.at(in_name ? name_entry_path("orders") : topic_entry_path("orders")).content;
    content[place % content.size()] = byte;
    const auto answer = f.get("orders");
    // Only the state byte of the name entry may say so.
    if (answer.code == lookup_result::absent) RC_ASSERT(in_name && place % content.size() == 1);
  }));
}

CAF_TEST(a created topic is found as it was asked for) {
  topic_spec spec{"orders", 3, {{"cleanup.policy", "delete"}}, 60};
  const auto created = create(spec, some_second, 7);
  CAF_REQUIRE(created.code == create_result::created);
  const auto found = get("orders");
  CAF_REQUIRE(found.code == lookup_result::found);
  CAF_CHECK(found.topic == created.topic);
  CAF_CHECK_EQUAL(found.topic.partitions, 3);
  CAF_CHECK_EQUAL(found.topic.span_seconds, 60);
  CAF_CHECK_EQUAL(found.topic.directory_of(2), "/topics/kafka/orders/v2026-08-22-17-22-33/0064-0095");
  CAF_CHECK(port.tree.contains(topic_conf_path("orders")));
}

CAF_TEST(creating twice answers already exists) {
  create("orders", some_second, 7);
  CAF_CHECK(create("orders", some_second, 8).code == create_result::already_exists);
  CAF_CHECK(get("orders").topic.id == test_id(7));
}

CAF_TEST(a spec out of bounds is invalid and writes nothing) {
  const topic_spec bad[] = {{"a/b", 1, {}, 600},
                            {"a", 0, {}, 600},
                            {"a", 10001, {}, 600},
                            {"a", 1, {}, 0},
                            {"a", 1, {{"k", std::string(70'000, 'v')}}, 600}};
  for (const auto& spec : bad) CAF_CHECK(create(spec, some_second, 7).code == create_result::invalid);
  CAF_CHECK(create("a", -1, 7).code == create_result::invalid);
  CAF_CHECK(port.tree.empty());
}

CAF_TEST(an unknown outcome that was applied is created) {
  port.script = {{status::unknown, 3}};
  CAF_CHECK(create("orders", some_second, 7).code == create_result::created);
  CAF_CHECK_EQUAL(port.transactions, 1u);
}

CAF_TEST(an unknown or partial outcome is completed by an identical repeat) {
  for (auto planned : {topics_memory_port::fault{status::unknown, 0}, topics_memory_port::fault{status::unknown, 2},
                       topics_memory_port::fault{status::partial, 1}}) {
    fixture f;
    f.port.script = {planned};
    CAF_CHECK(f.create("orders", some_second, 7).code == create_result::created);
    CAF_CHECK_EQUAL(f.port.transactions, 2u);
    CAF_CHECK(f.get("orders").code == lookup_result::found);
  }
}

CAF_TEST(a conflict with our own transaction id is created) {
  port.script = {{status::conflict, 3}};
  CAF_CHECK(create("orders", some_second, 7).code == create_result::created);
}

CAF_TEST(a conflict with another creator is already exists) {
  port.before_transact = [this] { create("orders", some_second, 8); };
  CAF_CHECK(create("orders", some_second, 7).code == create_result::already_exists);
  CAF_CHECK(get("orders").topic.id == test_id(8));
}

CAF_TEST(an outcome that stays in doubt is unknown) {
  port.script.assign(10, {status::unknown, 0});
  CAF_CHECK(create("orders", some_second, 7).code == create_result::unknown);
  port.script.clear();
  port.read_faults = {{status::unknown, "gone", 0}};
  CAF_CHECK(create("orders", some_second, 8).code == create_result::unknown);
  port.script = {{status::unknown, 3}};
  port.read_faults = {{}, {status::unknown, "gone", 0}};
  CAF_CHECK(create("orders", some_second, 9).code == create_result::unknown);
}

CAF_TEST(refused stays refused and a refusal after doubt stays in doubt) {
  port.script = {{status::refused, 0}};
  CAF_CHECK(create("orders", some_second, 7).code == create_result::refused);
  port.script = {{status::unknown, 0}, {status::refused, 0}};
  CAF_CHECK(create("orders", some_second, 7).code == create_result::unknown);
}

CAF_TEST(a failed read is an error and never absent) {
  create("orders", some_second, 7);
  port.read_faults = {{status::unknown, "gone", 0}};
  CAF_CHECK(get("orders").code == lookup_result::error);
  CAF_CHECK(get("payments").code == lookup_result::absent);
  port.tree.erase(topic_entry_path("orders"));
  CAF_CHECK(get("orders").code == lookup_result::error);
}

CAF_TEST(a deleted topic is absent and its directory is gone) {
  create("orders", some_second, 7);
  const auto file = get("orders").topic.directory_of(0) + "/tidegate.offset";
  port.apply({mutation::kind::put, {file, "x", {}, {}}});
  CAF_CHECK(finish_remove("orders", 7).code == remove_result::refused);
  const auto begun = begin_remove("orders");
  CAF_REQUIRE(begun.code == remove_result::done);
  CAF_CHECK(begun.topic_id == test_id(7));
  CAF_CHECK_EQUAL(begun.creation_second, some_second);
  CAF_CHECK(get("orders").code == lookup_result::absent);
  CAF_CHECK(get("orders").topic == half_removed("orders", 7));
  CAF_CHECK(create("orders", some_second, 8).code == create_result::already_exists);
  CAF_CHECK(begin_remove("orders").code == remove_result::done);
  CAF_CHECK(finish_remove("orders", 7).code == remove_result::done);
  CAF_CHECK_EQUAL(port.tree.size(), 1u);
  CAF_CHECK(get("orders").topic.state != topic_state::deleting);
  CAF_CHECK(begin_remove("orders").code == remove_result::absent);
  CAF_CHECK(finish_remove("orders", 7).code == remove_result::done);
}

CAF_TEST(a created again topic has its own second) {
  create("orders", some_second, 7);
  begin_remove("orders");
  finish_remove("orders", 7);
  const auto again = create("orders", some_second - 50, 8);
  CAF_REQUIRE(again.code == create_result::created);
  CAF_CHECK_EQUAL(again.topic.creation_second, some_second + 1);
  CAF_CHECK(finish_remove("orders", 7).code == remove_result::absent);
  CAF_CHECK(begin_remove("orders", test_id(7)).code == remove_result::absent);
  CAF_CHECK(get("orders").topic.id == test_id(8));
  CAF_CHECK(begin_remove("orders", test_id(8)).code == remove_result::done);
}

CAF_TEST(deletes in doubt are decided) {
  create("orders", some_second, 7);
  port.script = {{status::unknown, 1}};
  CAF_CHECK(begin_remove("orders").code == remove_result::done);
  port.script = {{status::partial, 2}};
  CAF_CHECK(finish_remove("orders", 7).code == remove_result::done);
  create("payments", some_second, 8);
  port.script.assign(10, {status::unknown, 0});
  CAF_CHECK(begin_remove("payments").code == remove_result::unknown);
}

CAF_TEST(a removal behind a change marks what the change left and never another topic) {
  const auto before = create("orders", some_second, 7).topic;
  auto other = before;
  other.configs["a"] = "2";
  port.before_transact = [&] { update(before, other); };
  CAF_CHECK(begin_remove("orders").code == remove_result::done);
  CAF_CHECK(get("orders").code == lookup_result::absent);
  create("payments", some_second, 8);
  port.before_transact = [&] {
    begin_remove("payments");
    finish_remove("payments", 8);
    create("payments", some_second + 1, 9);
  };
  CAF_CHECK(begin_remove("payments").code == remove_result::unknown);
  CAF_CHECK(get("payments").topic.id == test_id(9));
}

CAF_TEST(listing pages over live topics and names damaged ones) {
  for (unsigned char i = 0; i < 5; ++i) create("t" + std::to_string(i), some_second, i);
  create(".hidden", some_second, 9);
  create("half", some_second, 10);
  begin_remove("t1");
  create("gone", some_second, 11);
  begin_remove("gone");
  finish_remove("gone", 11);
  for (const auto& path : {name_entry_path("t3"), name_entry_path(".hidden"), topic_entry_path("half")})
    port.tree.at(path).content = "garbage";
  std::vector<std::string> names;
  std::set<std::string> unreadable;
  std::string after;
  for (bool more = true; more;) {
    catalog.list(after, 2, {}, [&](result<topic_page> page) {
      CAF_REQUIRE(page.is_ok());
      for (const auto& topic : page.value.topics) names.push_back(topic.name);
      unreadable.insert(page.value.unreadable.begin(), page.value.unreadable.end());
      after = page.value.next;
      more = page.value.more;
    });
  }
  CAF_CHECK(names == (std::vector<std::string>{"t0", "t2", "t4"}));
  CAF_CHECK(unreadable == (std::set<std::string>{".hidden", "half", "t3"}));
  catalog.list_all({}, [&](const result<topic_page>& page) {
    CAF_REQUIRE(page.is_ok());
    CAF_CHECK_EQUAL(page.value.topics.size(), 3u);
    CAF_REQUIRE_EQUAL(page.value.deleting.size(), 1u);
    CAF_CHECK(page.value.deleting.front() == half_removed("t1", 1));
  });
  port.read_faults = {{status::unknown, "gone", 0}};
  catalog.list_all({}, [&](const result<topic_page>& page) { CAF_CHECK(!page.is_ok()); });
}

CAF_TEST(damage is told from what cannot be read now whatever the topic is called) {
  create("damaged", some_second, 7);
  port.read_faults = {{status::unknown, "gone", 0}, damaged("an entry", status::unknown)};
  CAF_CHECK(!get("damaged").is_damaged);
  CAF_CHECK(get("damaged").is_damaged);  // as `embedded` says it
  for (const auto& path : {name_entry_path("damaged"), topic_entry_path("damaged")}) {
    const auto before = std::exchange(port.tree.at(path).content, "garbage");
    const auto answer = get("damaged");
    CAF_CHECK(answer.code == lookup_result::error && answer.is_damaged);
    port.tree.at(path).content = before;
  }
  port.tree.erase(topic_entry_path("damaged"));
  CAF_CHECK(get("damaged").code == lookup_result::error && !get("damaged").is_damaged);
}

CAF_TEST(listing while a topic goes does not call it damaged) {
  create("orders", some_second, 7);
  const auto listed_before = port.tree;
  begin_remove("orders");
  finish_remove("orders", 7);
  // The page of names is old, what is read behind it is new.
  port.next_list = list_page{{listed_before.at(name_entry_path("orders"))}, {}, false};
  catalog.list("", 10, {}, [&](const result<topic_page>& page) {
    CAF_REQUIRE(page.is_ok());
    CAF_CHECK(page.value.topics.empty());
    CAF_CHECK(page.value.unreadable.empty());
  });
}

CAF_TEST(configs and partitions are updated) {
  const auto before = create("orders", some_second, 7).topic;
  auto after = before;
  after.configs["retention.ms"] = "1000";
  CAF_CHECK(update(before, after).code == update_result::done);
  CAF_CHECK(get("orders").topic == after);
  CAF_CHECK(update(before, after).code == update_result::changed);
  auto grown = after;
  grown.partitions = 5;
  port.script = {{status::partial, 1}};
  CAF_CHECK(update(after, grown).code == update_result::done);
  CAF_CHECK(get("orders").topic == grown);
  CAF_CHECK(port.tree.at(topic_conf_path("orders")).content == make_topic_conf(grown));
  CAF_CHECK(update(grown, after).code == update_result::refused);
}

CAF_TEST(an update in a race or of a topic that goes changes nothing) {
  const auto before = create("orders", some_second, 7).topic;
  auto after = before;
  after.configs["a"] = "1";
  auto other = before;
  other.configs["a"] = "2";
  port.before_transact = [&] { update(before, other); };
  CAF_CHECK(update(before, after).code == update_result::changed);
  CAF_CHECK(get("orders").topic == other);
  port.read_faults = {{status::unknown, "gone", 0}};
  CAF_CHECK(update(other, other).code == update_result::unknown);
  begin_remove("orders");
  CAF_CHECK(update(other, other).code == update_result::absent);
}

CAF_TEST_FIXTURE_SCOPE_END()
