#define CAF_SUITE embedded_damaged_entry
#include "tests/smq/damaged_entry.hpp"
#include "tests/smq/test_engine.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

/// What one read of /d/a, /d/b and /d/none finds, after what is stored of /d/a was changed.
std::vector<result<entry>> read_after(const std::function<void(std::string&)>& change) {
  const scratch_directory home;
  {
    const auto store = open_embedded(home.path());
    const blocking calls{store->ports()};
    CAF_REQUIRE(calls.transact({"/d/a", std::nullopt}, {put("/d/b", "b"), put("/d/a", "a")}).is_ok());
  }
  change_stored_entry(home.path(), "/d/a", change);
  const auto store = open_embedded(home.path());
  auto found = blocking{store->ports()}.get_many({"/d/a", "/d/b", "/d/none"});
  CAF_REQUIRE(found.is_ok());
  CAF_REQUIRE_EQUAL(found.value.size(), 3U);
  return std::move(found.value);
}

}  // namespace

CAF_TEST(a damaged entry does not hide the others of a read) {
  const auto found = read_after([](std::string& bytes) { bytes.pop_back(); });
  CAF_CHECK(found[0].what.code == status::unknown && found[0].what.is_damaged);
  CAF_CHECK_EQUAL(found[0].what.reason, "damaged: entry /d/a");
  CAF_CHECK(found[1].is_ok());
  CAF_CHECK_EQUAL(found[1].value.content, "b");
  CAF_CHECK(found[2].what.code == status::absent);
}

CAF_TEST(an entry of a newer version is told apart) {
  const auto found = read_after([](std::string& bytes) { bytes.front() = '\x7f'; });
  CAF_CHECK(found[0].what.code == status::unknown && found[0].what.is_damaged);
  CAF_CHECK_EQUAL(found[0].what.reason, written_by_newer + ": entry /d/a");
  CAF_CHECK(found[1].is_ok());
}
