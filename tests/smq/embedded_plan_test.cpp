#define CAF_SUITE embedded_plan
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/plan.hpp"
#include "tests/smq/test_engine.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::embedded;
using tidegate::smq::testing::erase;
using tidegate::smq::testing::put;

namespace {

/// Plans one window over an empty store, where nothing below /plain names chunks.
struct fixture {
  std::string error;
  std::unique_ptr<embedded::index> stored = embedded::index::open_in_memory(error);
  std::deque<prepared_transaction> kept;  // the plan's records are views into them
  window_plan plan{*stored, [](const chunk_id& id) { return id.starts_with("waits"); },
                   [](std::string_view path) { return path.starts_with("/plain/"); }};

  status add(guard condition, mutation_list mutations) {
    auto& one = kept.emplace_back();
    if (!prepare(std::move(mutations), 1 << 20, one).empty()) return status::refused;
    return plan.add(condition, one.mutations).code;
  }

  [[nodiscard]] std::vector<std::string> records() const {
    std::vector<std::string> all;
    for (const auto& r : plan.records)
      all.push_back(std::string{r.path} + (r.value ? "=" + std::string{content_of(*r.value).value_or("?")} : "-"));
    return all;
  }
};

using texts = std::vector<std::string>;

mutation naming(const std::string& path, const std::vector<chunk_id>& ids) {
  auto m = put(path, "c");
  for (const auto& id : ids) m.target.chunks.push_back({id, 0, 1, 0});
  return m;
}

}  // namespace

CAF_TEST_FIXTURE_SCOPE(embedded_plan_tests, fixture)

CAF_TEST(guards see the transactions before them in the same window) {
  for (const std::string where : {"/plain/a", "/other/a"}) {
    CAF_CHECK(add({where, std::nullopt}, {put(where, "1")}) == status::ok);
    CAF_CHECK(add({where, std::nullopt}, {put(where, "2")}) == status::conflict);
    CAF_CHECK(add({where, "1"}, {put(where, "2"), put(where, "3")}) == status::ok);
    CAF_CHECK(add({where, "2"}, {put(where, "4")}) == status::conflict);
    CAF_CHECK(add({where, "3"}, {erase(where)}) == status::ok);
    CAF_CHECK(add({where, std::nullopt}, {put(where, "5")}) == status::ok);
  }
  CAF_CHECK((records() == texts{"/plain/a=1", "/plain/a=2", "/plain/a=3", "/plain/a-", "/plain/a=5",  //
                                "/other/a=1", "/other/a=2", "/other/a=3", "/other/a-", "/other/a=5"}));
}

CAF_TEST(a refused transaction leaves nothing behind) {
  CAF_CHECK(add({"/f", std::nullopt}, {put("/plain/a", "1"), put("/other/a", "1"), put("/f", "1")}) == status::ok);
  const auto before = records();
  CAF_CHECK(add({"/f", "1"}, {put("/plain/a", "2"), put("/other/a", "2"), put("/other/a", "3"), put("/other/b", "2"),
                              put("/f", "2"), naming("/other/c", {"nobody has it"})}) == status::refused);
  CAF_CHECK(records() == before);
  CAF_CHECK(add({"/plain/a", "1"}, {put("/x", "1")}) == status::ok);
  CAF_CHECK(add({"/other/a", "1"}, {put("/y", "1")}) == status::ok);
  CAF_CHECK(add({"/other/b", std::nullopt}, {put("/z", "1")}) == status::ok);
  CAF_CHECK(add({"/f", "1"}, {put("/f", "2")}) == status::ok);
}

CAF_TEST(chunks are claimed once and never by plain entries) {
  CAF_CHECK(add({"/f", std::nullopt}, {naming("/plain/a", {"waits"})}) == status::refused);
  CAF_CHECK(add({"/f", std::nullopt}, {naming("/other/a", {"waits"})}) == status::ok);
  CAF_CHECK(add({"/f", std::nullopt}, {naming("/other/b", {"waits"})}) == status::refused);
  CAF_CHECK(add({"/f", std::nullopt}, {put("/other/a", "2")}) == status::ok);
  CAF_CHECK((plan.claimed == std::vector<chunk_id>{"waits"}));
  CAF_CHECK((plan.released == std::vector<chunk_id>{"waits"}));
}

CAF_TEST(only what is new in a list of chunks is claimed and only what left it is released) {
  using ids = std::vector<chunk_id>;
  const auto name = [&](const ids& all) {
    plan.claimed.clear();
    plan.released.clear();
    return add({"/f", std::nullopt}, {naming("/other/a", all)});
  };
  CAF_CHECK(name({"waits 2", "waits 1"}) == status::ok);
  CAF_CHECK((plan.claimed == ids{"waits 1", "waits 2"}));
  CAF_CHECK(name({"waits 2", "waits 1", "waits 3"}) == status::ok);  // one more behind the others
  CAF_CHECK((plan.claimed == ids{"waits 3"} && plan.released.empty()));
  CAF_CHECK(name({"waits 1", "waits 3", "waits 4"}) == status::ok);  // the first one left
  CAF_CHECK((plan.claimed == ids{"waits 4"} && plan.released == ids{"waits 2"}));
  CAF_CHECK(name({"waits 4", "waits 1", "waits 3"}) == status::ok);  // in another order
  CAF_CHECK((plan.claimed.empty() && plan.released.empty()));
  CAF_CHECK(name({"waits 4", "waits 4"}) == status::refused);  // twice
  CAF_CHECK(name({"waits 4"}) == status::ok);
  CAF_CHECK((plan.claimed.empty() && plan.released == ids{"waits 1", "waits 3"}));
}

CAF_TEST(mutations of several units are one list in their order) {
  mutation_list all{put("/a", "1")};
  const auto unit = std::make_shared<const std::vector<mutation>>(2, put("/b", "2"));
  all.add(unit);
  all.add(std::make_shared<const std::vector<mutation>>());
  CAF_REQUIRE_EQUAL(all.size(), 3U);
  CAF_CHECK(&all[1] == &unit->front());  // not copied
  texts paths;
  for (const auto& m : mutation_list{all}) paths.push_back(m.target.path);
  CAF_CHECK((paths == texts{"/a", "/b", "/b"}));
}

CAF_TEST_FIXTURE_SCOPE_END()
