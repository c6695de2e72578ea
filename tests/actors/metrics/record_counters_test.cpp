#define CAF_SUITE record_counters
// What offset actors count, also when the store does not do what it should.
#include "actors/metrics/counters.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using actors::counted;
using enum error_code;

namespace {

actors::partition_settings without_tail() {
  actors::partition_settings settings;
  settings.tail_bytes = 0;
  return settings;
}

actors::actor_counters& offset_actors() { return actors::counters_of(actors::actor_kind::offset_actor); }

}  // namespace

CAF_TEST(records and bytes are those of the batches and go to their topic) {
  node_fixture node(without_tail());
  const auto topic = node.create("t");
  const auto records = counted.appended_records.value();
  const auto bytes = counted.appended_bytes.value();
  const auto from_store = counted.reads_from_store.value();
  CAF_CHECK(node.append(topic, batch_of(0, 5)).error == none);
  const auto stored = batch_of(5, 2);
  CAF_CHECK(node.append(topic, stored).error == none);
  CAF_CHECK_EQUAL(counted.appended_records.value(), records + 7);
  CAF_CHECK_EQUAL(counted.appended_bytes.value(), bytes + batch_of(0, 5).size() + stored.size());
  const auto found = node.fetch(topic, 5);
  CAF_REQUIRE(found.counters != nullptr);
  CAF_CHECK_EQUAL(found.counters->records_in.value(), 7u);
  CAF_CHECK_EQUAL(counted.reads_from_store.value(), from_store + 1);
}

CAF_TEST(a refused append is counted and its records are not) {
  node_fixture node;
  const auto topic = node.create("t");
  CAF_CHECK(node.append(topic, batch_of(0)).error == none);
  const auto refused = counted.refused_appends.value();
  const auto records = counted.appended_records.value();
  node.ports->put_refuses = 1;
  CAF_CHECK(node.append(topic, batch_of(1)).error == kafka_storage_error);
  CAF_CHECK_EQUAL(counted.refused_appends.value(), refused + 1);
  CAF_CHECK_EQUAL(counted.appended_records.value(), records);
}

CAF_TEST(records that cannot be read are counted) {
  node_fixture node(without_tail());
  const auto topic = node.create("t");
  CAF_CHECK(node.append(topic, batch_of(0)).error == none);
  const auto damaged = counted.damaged_records.value();
  const auto failed = counted.failed_reads.value();
  node.ports->reads_fail = 1000;
  CAF_CHECK(node.fetch(topic, 0).error == kafka_storage_error);
  CAF_CHECK_EQUAL(counted.failed_reads.value(), failed + 1);
  CAF_CHECK_EQUAL(counted.damaged_records.value(), damaged);  // nobody says so
  node.ports->reads_fail = 0;
}

CAF_TEST(an actor that throws is a crash and a broken rule and is started again) {
  node_fixture node;
  const auto topic = node.create("t");
  CAF_CHECK(node.append(topic, batch_of(0)).error == none);
  const auto alive = offset_actors().alive.value();
  const auto starts = offset_actors().starts.value();
  const auto crashes = offset_actors().crashes.value();
  const auto exceptions = counted.actor_exceptions.value();
  node.ports->put_throws = 1;
  CAF_CHECK(node.append(topic, batch_of(1)).error != none);
  CAF_CHECK(soon_true([&] { return offset_actors().crashes.value() == crashes + 1; }));
  CAF_CHECK_EQUAL(counted.actor_exceptions.value(), exceptions + 1);
  CAF_CHECK_EQUAL(offset_actors().alive.value(), alive - 1);
  CAF_CHECK(soon_true([&] { return node.append(topic, batch_of(1)).error == none; }));
  CAF_CHECK_EQUAL(offset_actors().starts.value(), starts + 1);
  CAF_CHECK_EQUAL(offset_actors().alive.value(), alive);
}
