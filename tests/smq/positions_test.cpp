#define CAF_SUITE smq_positions

#include "smq/positions/positions.hpp"

#include "smq/names.hpp"
#include "smq/positions/position_json.hpp"

#include "topics_memory_port.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::topics_testing;

namespace {

const position_place place{test_id(7), "/topics/kafka/t/v2026-08-22-17-22-33/0000-0031"};
const position_writer writer{test_id(3), 5};

mutation sample_mutation() {
  return make_position_mutation(place, "g1", {42, 6, "meta", 1787419353123}, 1787419353000000001, writer).value();
}

position_answer read_one(topics_memory_port& port, const uuid& topic_id = test_id(7)) {
  std::vector<position_answer> answers;
  read_positions(port, {{"g1", {topic_id, place.partition_directory}}}, {},
                 [&](std::vector<position_answer> a) { answers = std::move(a); });
  CAF_REQUIRE_EQUAL(answers.size(), 1u);
  return answers[0];
}

}  // namespace

CAF_TEST(a position has its golden bytes) {
  const auto put = sample_mutation();
  CAF_CHECK_EQUAL(put.target.path, place.partition_directory + "/consumers/kafka-cg-g1.offset");
  CAF_CHECK_EQUAL(put.target.content, R"({"type":"offset","value":1787419353000000001,"offset_type":"EXACT_OFFSET",)"
                                      R"("committed_at":1787419353123,"metadata":"meta"})");
  CAF_CHECK_EQUAL(to_hex(put.target.attributes.at("tg.pos")),
                  "02"
                  "18ce306e70393a01"
                  "000000000000002a"
                  "00000006"
                  "00000000000000000000000000000007"
                  "00000000000000000000000000000003"
                  "0000000000000005"
                  "00046d657461"
                  "60d5ad5c");
}

CAF_TEST(a position from before the checksum is read) {
  auto put = sample_mutation();
  auto& bytes = put.target.attributes.at("tg.pos");
  bytes.front() = '\1';
  bytes.resize(bytes.size() - 4);
  const auto answer = interpret_position(place.topic_id, {{}, put.target});
  CAF_CHECK(answer.code == position_result::found);
  CAF_CHECK_EQUAL(answer.committed.offset, 42);
}

CAF_TEST(a position without metadata takes less than 300 bytes) {
  const auto put = make_position_mutation(place, "g", {INT64_MAX, INT32_MAX, "", INT64_MAX}, INT64_MAX, writer);
  CAF_CHECK(put->target.content.size() + put->target.attributes.at("tg.pos").size() < 300u);
}

CAF_TEST(metadata that does not fit makes no mutation) {
  CAF_CHECK(!make_position_mutation(place, "g", {1, 0, std::string(65'536, 'm'), 0}, 1, writer));
}

CAF_TEST(what was written is found exactly) {
  topics_memory_port port;
  port.apply(sample_mutation());
  const auto answer = read_one(port);
  CAF_REQUIRE(answer.code == position_result::found);
  CAF_CHECK(answer.committed == (committed_offset{42, 6, "meta", 1787419353123}));
  port.apply(make_position_erasure(place, "g1"));
  CAF_CHECK(read_one(port).code == position_result::absent);
}

CAF_TEST(a native rewrite carries the timestamp to translate) {
  topics_memory_port port;
  auto put = sample_mutation();
  put.target.content = write_position_json({1787419360000000000, 1787419361000, ""});
  port.apply(put);
  auto answer = read_one(port);
  CAF_REQUIRE(answer.code == position_result::native);
  CAF_CHECK_EQUAL(answer.native_value_ns, 1787419360000000000);
  CAF_CHECK_EQUAL(answer.committed.committed_at_ms, 1787419361000);
  CAF_CHECK_EQUAL(answer.committed.offset, -1);
  put.target.attributes.clear();
  port.apply(put);
  CAF_CHECK(read_one(port).code == position_result::native);
}

CAF_TEST(a position of another topic id is an error) {
  topics_memory_port port;
  port.apply(sample_mutation());
  CAF_CHECK(read_one(port, test_id(8)).code == position_result::damaged);
}

CAF_TEST(damage and failed reads are errors and never absent) {
  topics_memory_port port;
  port.apply(sample_mutation());
  port.read_faults = {{status::unknown, "gone", 0}};
  CAF_CHECK(read_one(port).code == position_result::unknown);
  auto& stored = port.tree.begin()->second;
  const auto good = stored;
  for (const char* garbage : {"", "{", "null", "42", "{}", R"({"value":1.5})", R"({"value":"1"})",
                              R"({"value":9223372036854775808})", R"({"value":1,"value":1})", R"({"value":1} x)",
                              R"({"value":01})", R"({"value":1,"metadata":7})", R"({"value":1,})", "{\"value\":1"}) {
    stored.content = garbage;
    CAF_CHECK(read_one(port).code == position_result::damaged);
  }
  stored = good;
  stored.attributes["tg.pos"].pop_back();
  CAF_CHECK(read_one(port).code == position_result::damaged);
  stored.attributes["tg.pos"] = "";
  CAF_CHECK(read_one(port).code == position_result::damaged);
}

CAF_TEST(many positions are read in pages and answered in order) {
  topics_memory_port port;
  std::vector<position_query> queries;
  for (int i = 0; i < 1200; ++i) {
    position_place p{test_id(7), "/t/" + std::to_string(i)};
    if (i % 2 == 0) port.apply(make_position_mutation(p, "g", {i, 0, "", 0}, 1, writer).value());
    queries.push_back({"g", p});
  }
  port.read_faults = {{}, {status::unknown, "gone", 0}};
  std::vector<position_answer> answers;
  read_positions(port, queries, {}, [&](std::vector<position_answer> a) { answers = std::move(a); });
  CAF_REQUIRE_EQUAL(answers.size(), 1200u);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto expected = i / 512 == 1 ? position_result::unknown
                          : i % 2 == 0 ? position_result::found
                                       : position_result::absent;
    if (answers[i].code != expected) CAF_FAIL("answer " << i);
    if (expected == position_result::found && answers[i].committed.offset != static_cast<std::int64_t>(i))
      CAF_FAIL("offset " << i);
  }
}

CAF_TEST(positions without queries answer at once) {
  topics_memory_port port;
  bool answered = false;
  read_positions(port, {}, {}, [&](const std::vector<position_answer>& a) { answered = a.empty(); });
  CAF_CHECK(answered);
}

CAF_TEST(what SMQ itself may write is read) {
  const auto read = read_position_json(
      " {\"type\":\"timestamp\", \"value\" : -5 ,\"new\":{\"a\":[1,2.5e3,true,{}]},"
      "\"metadata\":\"\\u00e9\\ud83d\\ude00\\n\\ud800\"}\n");
  CAF_REQUIRE(read);
  CAF_CHECK_EQUAL(read->value, -5);
  CAF_CHECK_EQUAL(read->metadata, "\xC3\xA9\xF0\x9F\x98\x80\n\xEF\xBF\xBD");
  CAF_CHECK(!read_position_json(R"({"value":1,"x":)" + std::string(100, '[') + std::string(100, ']') + "}"));
}

CAF_TEST(json text that is not UTF - 8 stays valid JSON) {
  const auto text = write_position_json({1, 2, "a\xFF\"\\\x01\x7F\xED\xA0\x80"});
  const auto read = read_position_json(text);
  CAF_REQUIRE(read);
  CAF_CHECK_EQUAL(read->metadata, "a\xEF\xBF\xBD\"\\\x01\x7F\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

CAF_TEST(positions survive the round trip whatever the metadata is) {
  CAF_CHECK(rc::check("round trip", [](std::int64_t offset, std::int32_t epoch, const std::string& metadata,
                                       std::int64_t at, std::int64_t value) {
    const auto put = make_position_mutation(place, "g", {offset, epoch, metadata, at}, value, writer);
    RC_ASSERT(put.has_value());
    const auto answer = interpret_position(place.topic_id, {{}, put->target});
    RC_ASSERT(answer.code == position_result::found);
    RC_ASSERT(answer.committed == (committed_offset{offset, epoch, metadata, at}));
  }));
}

CAF_TEST(mutated positions never crash and never read as absent) {
  CAF_CHECK(rc::check("mutated content", [](std::size_t at, char byte, bool cut) {
    auto put = sample_mutation();
    auto& content = put.target.content;
    if (cut)
      content.resize(at % content.size());
    else
      content[at % content.size()] = byte;
    RC_ASSERT(interpret_position(place.topic_id, {{}, put.target}).code != position_result::absent);
  }));
  CAF_CHECK(rc::check("mutated attribute", [](std::size_t at, char byte, bool cut) {
    auto put = sample_mutation();
    auto& bytes = put.target.attributes.at("tg.pos");
    const auto index = at % bytes.size();
    if (cut)
      bytes.resize(index);
    else
      bytes[index] = byte;
    const bool is_same = put.target == sample_mutation().target;
    const auto answer = interpret_position(place.topic_id, {{}, put.target});
    if (!cut && index == 0 && byte == '\1') return;  // as it was written before there was a checksum
    RC_ASSERT(answer.code == (is_same ? position_result::found : position_result::damaged));
  }));
}
