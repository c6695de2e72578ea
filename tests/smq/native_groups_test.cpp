#define CAF_SUITE native_groups
#include "smq/positions/native_groups.hpp"

#include "smq/names.hpp"
#include "topics_memory_port.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using topics_testing::test_id;

namespace {

struct native_fixture {
  topics_memory_port port;
  topic_list topics;
  scan_limits limits;

  const topic_info& topic(unsigned char id, std::int32_t partitions) {
    auto made = std::make_shared<topic_info>();
    made->name = "t" + std::to_string(id);
    made->id = test_id(id);
    made->partitions = partitions;
    made->creation_second = 1'790'000'000;
    topics.push_back(made);
    return *made;
  }

  void file(const std::string& path) { port.tree[path] = {path, "what is in it does not matter", {}, {}}; }

  void position(const topic_info& of, std::int32_t partition, const std::string& group) {
    file(position_path(of.directory_of(partition), group));
  }

  result<group_scan> scan(const std::set<std::string>& known = {}) {
    std::optional<result<group_scan>> answer;
    scan_groups(
        port, topics, [&](const std::string& g) { return known.contains(g); }, limits, {},
        [&](result<group_scan> found) {
          CAF_REQUIRE(!answer);
          answer = std::move(found);
        });
    CAF_REQUIRE(answer.has_value());
    return *answer;
  }

  result<std::vector<position_file>> find(const std::string& group) {
    std::optional<result<std::vector<position_file>>> answer;
    find_positions(port, group, topics, {}, [&](auto found) { answer = std::move(found); });
    CAF_REQUIRE(answer.has_value());
    return *answer;
  }
};

using names = std::set<std::string>;

}  // namespace

CAF_TEST(a scan finds the groups of all partitions and leaves out what it need not find) {
  native_fixture f;
  const auto& one = f.topic(1, 3);
  const auto& two = f.topic(2, 1);
  f.position(one, 0, "a");
  f.position(one, 2, "a");
  f.position(one, 2, "b/c");
  f.position(two, 0, "known");
  f.position(two, 0, std::string(181, 'g'));
  f.file(positions_directory(two.directory_of(0)) + "/native.offset");
  f.file(two.directory_of(0) + "/tidegate.offset");
  CAF_CHECK(f.scan({"known"}).value.groups == (names{"a", "b/c"}));
  CAF_CHECK(f.scan().value.groups == (names{"a", "b/c", "known"}));
  CAF_CHECK(f.scan().value.complete);
  f.topics.clear();
  CAF_CHECK(f.scan().value.groups.empty());
}

CAF_TEST(a scan goes on behind a page and over more partitions than it lists at once) {
  native_fixture f;
  const auto& t = f.topic(1, 50);
  names all;
  for (int g = 0; g < 2500; ++g) {
    all.insert("g" + std::to_string(g));
    f.position(t, 7, "g" + std::to_string(g));
  }
  for (int p = 0; p < 50; ++p) f.position(t, p, "each");
  all.insert("each");
  CAF_CHECK(f.scan().value.groups == all);
}

CAF_TEST(a scan goes on behind directories and not behind nothing) {
  native_fixture f;
  f.position(f.topic(1, 1), 0, "a");
  f.port.next_list = list_page{{}, {"a directory"}, true};
  CAF_CHECK(f.scan().value.groups == names{"a"});
  f.port.next_list = list_page{{}, {}, true};
  CAF_CHECK(f.scan().what.code == status::unknown);
}

CAF_TEST(a scan ends at its limits and says so) {
  native_fixture f;
  const auto& t = f.topic(1, 4);
  for (int p = 0; p < 4; ++p)
    for (int g = 0; g < 5; ++g) f.position(t, p, std::to_string(p) + "-" + std::to_string(g));
  f.limits.most_groups = 20;
  CAF_CHECK(f.scan().value.complete);
  f.limits.most_groups = 19;
  CAF_CHECK_EQUAL(f.scan().value.groups.size(), 19u);
  CAF_CHECK(!f.scan().value.complete);
  f.limits = {};
  f.limits.most_files = 9;
  CAF_CHECK_EQUAL(f.scan().value.groups.size(), 10u);  // the page that crosses the limit still counts
  CAF_CHECK(!f.scan().value.complete);
  f.limits = {};
  f.limits.patience = std::chrono::milliseconds{-1};
  CAF_CHECK(!f.scan().value.complete);
}

CAF_TEST(a scan that cannot read a list is an error whichever list it is) {
  for (int good = 0; good < 4; ++good) {
    native_fixture f;
    const auto& t = f.topic(1, 4);
    f.position(t, 0, "a");
    f.port.read_faults.assign(static_cast<std::size_t>(good), {});
    f.port.read_faults.push_back({status::unknown, "no answer", 0});
    const auto found = f.scan();
    CAF_CHECK(found.what.code == status::unknown);
    CAF_CHECK_EQUAL(found.what.reason, "no answer");
  }
}

CAF_TEST(a group is found where it has positions and nowhere else) {
  native_fixture f;
  const auto& one = f.topic(1, 700);
  const auto& two = f.topic(2, 2);
  f.position(one, 3, "g");
  f.position(one, 699, "g");
  f.position(one, 5, "other");
  f.position(two, 1, "g");
  const auto found = f.find("g");
  CAF_REQUIRE_EQUAL(found.value.size(), 3u);
  CAF_CHECK(found.value[0].topic->id == one.id && found.value[0].partition == 3);
  CAF_CHECK(found.value[1].topic->id == one.id && found.value[1].partition == 699);
  CAF_CHECK(found.value[2].topic->id == two.id && found.value[2].partition == 1);
  CAF_CHECK(f.find("nobody").is_ok() && f.find("nobody").value.empty());
  f.port.read_faults = {{}, {status::unknown, "no answer", 0}};
  CAF_CHECK(f.find("g").what.code == status::unknown);
}

CAF_TEST(a scan finds the positions of many groups and also where a name was shortened) {
  native_fixture f;
  const auto& one = f.topic(1, 3);
  const auto& two = f.topic(2, 1);
  const std::string longest(181, 'g');
  f.position(one, 0, "a");
  f.position(one, 2, "a");
  f.position(two, 0, "b/c");
  f.position(two, 0, longest);
  f.position(two, 0, "other");
  auto scan = [&] {
    std::optional<result<position_scan>> answer;
    scan_positions(f.port, {"a", "b/c", longest, "nobody"}, f.topics, f.limits, {},
                   [&](auto found) { answer = std::move(found); });
    CAF_REQUIRE(answer.has_value());
    return *answer;
  };
  auto found = scan();
  CAF_CHECK(found.is_ok() && found.value.complete);
  CAF_REQUIRE_EQUAL(found.value.files.size(), 3u);
  const auto& a = found.value.files["a"];
  CAF_REQUIRE_EQUAL(a.size(), 2u);
  CAF_CHECK(a[0].topic->id == one.id && a[0].partition == 0 && a[1].partition == 2);
  CAF_CHECK(found.value.files["b/c"].at(0).topic->id == two.id);
  CAF_CHECK_EQUAL(found.value.files[longest].size(), 1u);
  f.limits.most_files = 1;
  CAF_CHECK(!scan().value.complete);
  f.limits = {};
  f.port.read_faults = {{}, {status::unknown, "no answer", 0}};
  CAF_CHECK(scan().what.code == status::unknown);
}
