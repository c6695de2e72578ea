#define CAF_SUITE smq_names

#include "smq/names.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate::smq;

namespace {

struct escape_row {
  std::string_view name;
  std::string_view escaped;
};

constexpr escape_row escapes[] = {
    {"orders", "orders"},
    {"a.b_c-D9", "a.b_c-D9"},
    {".", "%2E"},
    {"..", "%2E."},
    {".hidden", "%2Ehidden"},
    {"a/b", "a%2Fb"},
    {"50%", "50%25"},
    {"~", "%7E"},
    {"\xC3\xA9", "%C3%A9"},
    {" ", "%20"},
    {"", "%"},
};

}  // namespace

CAF_TEST(names are escaped as the table says) {
  for (const auto& row : escapes) CAF_CHECK_EQUAL(escape_name(row.name), row.escaped);
}

CAF_TEST(a group id is kept up to 180 escaped bytes and hashed above) {
  const std::string longest(180, 'g');
  CAF_CHECK_EQUAL(escape_group(longest), longest);
  CAF_CHECK_EQUAL(escape_group(std::string(60, '/')).size(), 180u);
  // sha256sum of 181 times "g".
  const auto hashed = escape_group(std::string(181, 'g'));
  CAF_CHECK_EQUAL(hashed.size(), 165u);
  CAF_CHECK_EQUAL(hashed.substr(0, 101), std::string(100, 'g') + "~");
  CAF_CHECK_EQUAL(hashed.substr(101), "dc0bab2fbf6c026c3ab092b3af8ff9ab0b7479874d6884bd9ed2a11a0f6f119b");
}

CAF_TEST(a position says whose it is) {
  for (const auto& row : escapes)
    CAF_CHECK(group_of_position(position_path("/topics/kafka/t/v/0000-0031", row.name)) == std::string(row.name));
  CAF_CHECK(rc::check("groups of positions", [](const std::string& group) {
    const auto read = group_of_position(position_path("/p", group));
    RC_ASSERT(read == (escape_name(group).size() <= 180 ? std::optional{group} : std::nullopt));
  }));
  // Other files, native names that are not what a Kafka group would be stored under, and a shortened one.
  for (const auto* name :
       {"kafka-cg-.offset", "kafka-cg-g", "g.offset", "kafka-cg-a b.offset", "kafka-cg-%.x.offset",
        "kafka-cg-%2.offset", "kafka-cg-%2e.offset", "kafka-cg-%41.offset", "kafka-cg-%zz.offset",
        "kafka-cg-.g.offset", "", "kafka-cg-"})
    CAF_CHECK(!group_of_position("/p/consumers/" + std::string(name)));
  CAF_CHECK(!group_of_position(position_path("/p", std::string(181, 'g'))));
}

CAF_TEST(escapes are injective and safe path components) {
  CAF_CHECK(rc::check("escapes", [](const std::string& a, const std::string& b) {
    for (const auto& escaped : {escape_name(a), escape_group(a)}) {
      RC_ASSERT(escaped.find('/') == std::string::npos);
      RC_ASSERT(!escaped.empty() && escaped[0] != '.');
    }
    RC_ASSERT(escape_group(a).size() <= 180u);
    RC_ASSERT((a == b) == (escape_name(a) == escape_name(b)));
    RC_ASSERT((a == b) == (escape_group(a) == escape_group(b)));
  }));
}

CAF_TEST(long group ids that differ at the end stay apart) {
  const std::string common(400, 'x');
  CAF_CHECK(escape_group(common + "1") != escape_group(common + "2"));
}

CAF_TEST(topic names follow the rule of Kafka) {
  for (std::string_view name : {"a", "__consumer_offsets", ".a", "a.b", "...", "A-9"})
    CAF_CHECK(is_legal_topic_name(name));
  for (std::string_view name : {"", ".", "..", "a/b", "a b", "a%", "\xC3\xA9"}) CAF_CHECK(!is_legal_topic_name(name));
  CAF_CHECK(is_legal_topic_name(std::string(249, 't')));
  CAF_CHECK(!is_legal_topic_name(std::string(250, 't')));
}

CAF_TEST(paths are the ones of SMQ) {
  // 1787419353 = 2026-08-22 17:22:33 UTC.
  CAF_CHECK_EQUAL(version_name(1787419353), "v2026-08-22-17-22-33");
  CAF_CHECK_EQUAL(version_name(0), "v1970-01-01-00-00-00");
  CAF_CHECK_EQUAL(range_name(0, 630), "0000-0630");
  const auto directory = partition_directory("orders", 1787419353, 1);
  CAF_CHECK_EQUAL(directory, "/topics/kafka/orders/v2026-08-22-17-22-33/0032-0063");
  CAF_CHECK_EQUAL(position_path(directory, "g1"), directory + "/consumers/kafka-cg-g1.offset");
  CAF_CHECK_EQUAL(partition_entry_path(directory), directory + "/tidegate.offset");
  CAF_CHECK_EQUAL(checkpoint_path(directory), directory + "/checkpoint.offset");
  CAF_CHECK_EQUAL(topic_conf_path(".t"), "/topics/kafka/%2Et/topic.conf");
  CAF_CHECK_EQUAL(topic_entry_path("t"), "/topics/kafka/t/tidegate.topic");
  CAF_CHECK_EQUAL(name_entry_path("t"), "/topics/.tidegate/names/t");
  CAF_CHECK_EQUAL(group_entry_path("a/b"), "/topics/.tidegate/groups/a%2Fb");
  CAF_CHECK_EQUAL(partition_directory("t", 0, 312), "/topics/kafka/t/v1970-01-01-00-00-00/9984-10015");
}

CAF_TEST(the ring has room for every partition) {
  CAF_CHECK_EQUAL(ring_size_for(1), 4096);
  CAF_CHECK_EQUAL(ring_size_for(128), 4096);
  CAF_CHECK_EQUAL(ring_size_for(129), 8192);
  CAF_CHECK_EQUAL(ring_size_for(10000), 323584);
}

CAF_TEST(positions and what partitions remember never name chunks) {
  const auto partition = partition_directory("orders.offset", 1700000000, 3);
  CAF_CHECK(never_names_chunks(position_path(partition, "g")));
  CAF_CHECK(never_names_chunks(partition + "/tidegate.offset"));
  CAF_CHECK(never_names_chunks(partition + "/checkpoint.offset"));
  CAF_CHECK(never_names_chunks(group_entry_path("g")));
  CAF_CHECK(!never_names_chunks(partition + "/2026-01-02-03-04-05.000000006"));
  CAF_CHECK(!never_names_chunks(partition));
}
