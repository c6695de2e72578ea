#define CAF_SUITE shard_queue
// What the queue of a shard takes.
#include "tests/smq/fencing/shard_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::test;
using enum write_result;

namespace {

/// A queue of 200 bytes behind a write that is on its way.
struct short_queue : shard_fixture {
  answers got;
  std::shared_ptr<session> writer;

  short_queue() {
    options.max_queued_bytes = 200;
    store = make_store();
    writer = open("g/a");
    write(0, "/sent", 0);
  }

  void write(int unit, const std::string& entry_path, std::size_t bytes) {
    writer->write({put(entry_path, std::string(bytes, 'x'))}, write_class::commit, got.at(unit));
  }
};

}  // namespace

CAF_TEST(a queue over its bound refuses and takes again when it is shorter) {
  short_queue f;
  f.write(1, "/a", 100);
  f.write(2, "/b", 100);
  CAF_CHECK(f.got.are({{2, refused}}));
  f.run_all();
  f.write(3, "/b", 100);
  f.run_all();
  CAF_CHECK(f.got.are({{2, refused}, {0, stored}, {1, stored}, {3, stored}}));
}

CAF_TEST(a unit that is larger than the bound of the queue waits alone) {
  short_queue f;
  f.write(1, "/a", 1'000);
  f.write(2, "/b", 0);
  CAF_CHECK(f.got.are({{2, refused}}));
  f.run_all();
  CAF_CHECK(f.got.are({{2, refused}, {0, stored}, {1, stored}}));
}
