#define CAF_SUITE doubtful_merges
// A merge of old files is given up: whether its chunk is named is seen by a load that lists all files, and by no other.
#include "smq/entry_path.hpp"
#include "smq/segments/list_segments.hpp"
#include "smq/segments/segment_name.hpp"
#include "tests/actors/partition/files_apart.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using namespace std::chrono_literals;
using enum error_code;

namespace {

/// Two merges take so many, and marks lie behind the first of them: a load of the newest files does not list its file.
constexpr int files = 140;

/// What becomes of the merge each time it is sent.
struct row {
  fault each;
  bool is_there;
};
constexpr row rows[] = {{fault::prefix_but_unknown, true}, {fault::lost, false}};

/// A partition that goes quiet and whose last merges begin with one in doubt.
struct quiet_partition {
  node_fixture node;
  actors::topic_ptr topic;

  explicit quiet_partition(fault each, int failing_reads = 0) : node(files_apart(500ms)), topic(node.create("t")) {
    append(0, files - 1);
    node.ports->reads_fail_behind_script = failing_reads;
    node.ports->script({fault::none, fault::none, each, each, each, each});  // the append and the clean end come first
    append(files - 1, 1);
  }

  [[nodiscard]] bool is_gone() {
    return soon_true([&] { return node.system->registry().running() == 2; });  // with the scoped actors of a test run
  }

  std::vector<std::int64_t> stored_files() {
    const smq::testing::blocking port{node.engine->ports()};
    std::vector<std::int64_t> found;
    for (const auto& e : port.list(topic->directory_of(0), "", 1000, false).value.entries)
      if (const auto name = smq::parse_segment_name(smq::name_of(e.path))) found.push_back(name->base_offset);
    return found;
  }

  /// After a restart, when no load may have listed the merged file, every record is still there.
  void check_records() {
    const auto released = node.ports->released();
    CAF_CHECK_EQUAL(node.released_by_mistake(released), 0u);
    CAF_CHECK(node.read_all(topic) == numbers(files));
    node.restart();
    topic = node.find("t");
    CAF_CHECK(node.read_all(topic) == numbers(files));
  }

 private:
  void append(int first, int count) {
    for (int i = first; i < first + count; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(i)).base_offset, i);
  }
};

}  // namespace

CAF_TEST(the load behind a doubtful merge releases its chunk when no file at all names it) {
  for (const auto& r : rows) {
    quiet_partition p{r.each};
    CAF_REQUIRE(p.is_gone());
    CAF_CHECK_EQUAL(p.node.ports->released().size(), r.is_there ? 0u : 1u);
    CAF_CHECK_EQUAL(p.node.engine->measure().unnamed_bytes, 0u);
    const auto stored = p.stored_files();
    CAF_CHECK_EQUAL(stored.size(), static_cast<std::size_t>(r.is_there ? files - 63 : files));
    CAF_CHECK_EQUAL(stored.at(1), r.is_there ? 64 : 1);
    p.check_records();
  }
}

CAF_TEST(a load that could not list all files leaves the chunk of a doubtful merge alone) {
  for (const auto& r : rows) {
    quiet_partition p{r.each, 1};
    CAF_REQUIRE(p.is_gone());
    CAF_CHECK_EQUAL(p.node.ports->reads_fail.load(), 0);
    CAF_CHECK(p.node.ports->released().empty());
    const auto second = p.stored_files().at(1);
    CAF_CHECK_EQUAL(second, r.is_there ? 64 : 1);
    p.check_records();
  }
}
