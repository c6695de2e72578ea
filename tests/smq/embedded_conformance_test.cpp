#define CAF_SUITE embedded_conformance
#include "tests/smq/conformance.hpp"
#include "tests/smq/test_engine.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

void run(void (*check)(engine, const std::string&)) {
  for (const bool sync : {true, false}) {
    const scratch_directory home;
    embedded::options wanted;
    wanted.sync = sync;
    const auto store = open_embedded(home.path(), wanted);
    check(store->ports(), "/topics/.tidegate/test");
  }
}

}  // namespace

CAF_TEST(outcomes and guards) { run(check_outcomes_and_guards); }

CAF_TEST(mutations apply in their order) { run(check_order_of_mutations); }

CAF_TEST(queued guards see each other) { run(check_queued_transactions); }

CAF_TEST(bad names are refused before anything applies) { run(check_names_and_sizes); }

CAF_TEST(lists are in byte order and in pages) { run(check_listing); }

CAF_TEST(get_many answers per path) { run(check_get_many); }

CAF_TEST(chunks live as long as an entry names them) { run(check_chunks); }

CAF_TEST(remove_tree removes what is below and nothing beside it) { run(check_remove_tree); }

CAF_TEST(chunks of a removed tree are gone) { run(check_chunks_of_a_removed_tree); }

CAF_TEST(sixteen threads lose no update) { run(check_concurrent_counters); }

CAF_TEST(what never names chunks is refused with one and else written as everything) {
  const scratch_directory home;
  embedded::options wanted;
  wanted.never_names_chunks = [](std::string_view path) { return path.ends_with(".plain"); };
  const auto store = open_embedded(home.path(), wanted);
  const blocking calls{store->ports()};
  const auto chunk = calls.put_chunk("0123456789").value;
  const std::vector<mutation> both{put("/d/a", "1"), put("/d/b.plain", "1", {{chunk, 0, 10, 0}})};
  CAF_CHECK(calls.transact({"/d/a", std::nullopt}, both).code == status::refused);
  CAF_CHECK(calls.get("/d/a").what.code == status::absent);
  CAF_CHECK(calls.transact({"/d/a", std::nullopt}, {put("/d/c", "1", {{chunk, 0, 10, 0}}), put("/d/b.plain", "1"),
                                                    put("/d/a", "1")})
              .is_ok());
  CAF_CHECK(calls.transact({"/d/a", "1"}, {put("/d/b.plain", "2"), put("/d/a", "2")}).is_ok());
  CAF_CHECK_EQUAL(calls.get("/d/b.plain").value.content, "2");
  CAF_CHECK_EQUAL(store->measure().live_bytes, 10U);
  CAF_CHECK(calls.transact({"/d/a", "2"}, {erase("/d/b.plain"), erase("/d/c"), put("/d/a", "3")}).is_ok());
  CAF_CHECK(calls.get("/d/b.plain").what.code == status::absent);
  CAF_CHECK(calls.get_chunk(chunk, 0, 10).what.code == status::absent);
  CAF_CHECK_EQUAL(store->measure().live_bytes, 0U);
}
