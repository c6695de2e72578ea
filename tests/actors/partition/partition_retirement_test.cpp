#define CAF_SUITE partition_retirement
// An offset actor that may go goes, whatever happened to its log since it asked.
#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/runtime/spawn.hpp"
#include "tests/actors/store_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;

namespace {

/// Answers no question before it is told to.
class slow_registry {
 public:
  static inline const char* name = "slow-registry";
  using questions = std::shared_ptr<std::promise<reply<bool>>>;

  slow_registry(actors::partition_registry_actor::pointer, questions first) : first_(std::move(first)) {}

  actors::partition_registry_actor::behavior_type make_behavior() {
    return {
      [](const msg::append&) {},
      [](const msg::fetch_read&) {},
      [](const msg::fetch_wait&) {},
      [](const msg::list_offsets&) {},
      [](const msg::offset_for_leader_epoch&) {},
      [](const msg::find_by_ts&) {},
      [](const msg::trim&) {},
      [](const msg::topic_changed&) {},
      [](const msg::forget_topic&) {},
      [](const msg::close_cleanly&) {},
      [](const msg::resume& m) { (*m.run)(); },
      [this](const msg::retire_partition& m) {
        if (first_) std::exchange(first_, nullptr)->set_value(m.answer);
      },
      [](const msg::release_partitions&) {},
    };
  }

 private:
  questions first_;
};

}  // namespace

CAF_TEST(an actor that was let go does not stay behind a load that failed meanwhile) {
  node_fixture node;
  const auto topic = node.create("t");
  const auto alive = [] { return actors::counters_of(actors::actor_kind::offset_actor).alive.value(); };
  const auto before = alive();
  node.ports->reads_fail = 1'000'000;
  actors::partition_settings settings;
  settings.idle_after = 300ms;
  settings.reload_backoff = 10ms;
  auto question = std::make_shared<std::promise<reply<bool>>>();
  auto asked = question->get_future();
  const auto registry =
    actors::spawn<actors::partition_registry_actor, slow_registry>(*node.system, std::move(question));
  const auto partition = actors::spawn_partition(*node.system, node.store, topic, 0, settings, registry);
  const auto may_go = value_of(std::move(asked));
  const auto failed = actors::counted.failed_partition_loads.value();
  CAF_CHECK(soon_true([&] { return actors::counted.failed_partition_loads.value() > failed + 1; }));
  CAF_CHECK_EQUAL(alive(), before + 1);
  may_go(true);
  CAF_CHECK(soon_true([&] { return alive() == before; }));
  caf::anon_send_exit(registry, caf::exit_reason::kill);
}
