#define CAF_SUITE native_positions
#include "smq/layout.hpp"
#include "smq/names.hpp"
#include "smq/segments/log_entry.hpp"
#include "tests/actors/group/groups_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::test;
using enum error_code;

namespace {

struct stored_message {
  std::int64_t base_offset = 0;
  std::int64_t ts_ns = 0;
};

template <class T, class Call>
T answer_of(Call call) {
  auto promise = std::make_shared<std::promise<T>>();
  call([promise](T value) { promise->set_value(std::move(value)); });
  return value_of(promise->get_future());
}

struct native_fixture : groups_fixture {
  smq::entry_port& entries() { return node.engine->ports().entries; }

  /// Five messages of three records each.
  std::vector<stored_message> fill() {
    for (int i = 0; i < 5; ++i) CAF_CHECK_EQUAL(node.append(topic, batch_of(3 * i, 3)).base_offset, 3 * i);
    const smq::partition_place place{topic->name, topic->id, 0, topic->directory_of(0), topic->span_seconds};
    auto log = answer_of<smq::result<smq::log_state>>(
      [&](auto done) { smq::load_log(node.engine->ports(), place, smq::load_extent::all, smq::testing::soon(), done); });
    std::vector<stored_message> all;
    for (const auto& segment : log.value.segments) {
      for (const auto& chunk : segment.chunks) {
        auto bytes = answer_of<smq::result<shared_bytes>>([&](auto done) {
          node.engine->ports().chunks.get(chunk.id, 0, chunk.size, smq::testing::soon(), done);
        });
        for (std::size_t at = 0; at < bytes.value.size();) {
          auto head = smq::peek_log_entry(bytes.value.view().subspan(at), topic->id, 0);
          CAF_REQUIRE(head.has_value());
          all.push_back({head->base_offset, head->ts_ns});
          at += static_cast<std::size_t>(head->stored_bytes);
        }
      }
    }
    CAF_REQUIRE_EQUAL(all.size(), 5u);
    return all;
  }

  [[nodiscard]] std::string path_of(const std::string& group) const {
    return smq::position_path(topic->directory_of(0), group);
  }

  smq::result<smq::entry> stored(const std::string& path) {
    return answer_of<smq::result<smq::entry>>(
      [&](auto done) { entries().get(path, smq::testing::soon(), done); });
  }

  /// What a native subscriber does when it closes: the content is replaced, attributes stay.
  void replace(const std::string& path, const std::string& content) {
    auto before = stored(path);
    smq::guard unchanged{path, std::nullopt};
    if (before.is_ok()) unchanged.expected = before.value.content;
    smq::mutation put;
    if (before.is_ok()) put.target = before.value;
    put.target.path = path;
    put.target.content = content;
    auto done = answer_of<smq::outcome>([&](auto answer) {
      entries().transact(unchanged, {put}, smq::testing::soon(), answer);
    });
    CAF_REQUIRE(done.is_ok());
  }

  void rewrite_at(const std::string& path, std::int64_t value) {
    // The transaction id of the guard: a content that was never used before.
    replace(path, R"({"type":"offset","value":)" + std::to_string(value) +
                    R"(,"offset_type":"EXACT_OFFSET","committed_at":)" + std::to_string(++times) +
                    R"(,"metadata":"native"})");
  }

  void rewrite(const std::string& group, const std::string& content) { replace(path_of(group), content); }
  void rewrite(const std::string& group, std::int64_t value) { rewrite_at(path_of(group), value); }

  std::int64_t times = 1'700'000'000'000;
};

}  // namespace

CAF_TEST(a position that a native subscriber moved goes on where it would) {
  native_fixture f;
  const auto messages = f.fill();
  CAF_CHECK(f.commit("g", 7) == none);
  CAF_CHECK_EQUAL(f.position("g"), 7);
  f.rewrite("g", 40);
  CAF_CHECK_EQUAL(f.position("g"), 0);
  f.rewrite("g", messages[0].ts_ns - 1);
  CAF_CHECK_EQUAL(f.position("g"), 0);
  f.rewrite("g", messages[1].ts_ns + 1);  // what tidegate wrote for 7, inside the message: still its own
  CAF_CHECK_EQUAL(f.position("g"), 7);
  CAF_CHECK(f.commit("g", 0) == none);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto next = i + 1 < messages.size() ? messages[i + 1].base_offset : 15;
    for (const auto value : {messages[i].ts_ns, messages[i].ts_ns + 1}) {
      f.rewrite("g", value);
      CAF_CHECK_EQUAL(f.position("g"), next);
    }
  }
  f.rewrite("g", INT64_MAX);
  CAF_CHECK_EQUAL(f.position("g"), 15);
  CAF_CHECK(f.commit("g", 4) == none);  // Kafka's turn again
  CAF_CHECK_EQUAL(f.position("g"), 4);
  f.restart();
  CAF_CHECK_EQUAL(f.position("g"), 4);
}

CAF_TEST(a translated position has the metadata of the native file and no leader epoch) {
  native_fixture f;
  const auto messages = f.fill();
  CAF_CHECK(f.commit("g", 7) == none);
  f.rewrite("g", messages[1].ts_ns);
  for (bool all : {false, true}) {
    auto what = all ? std::nullopt : std::optional{std::vector{f.where(0)}};
    const auto found = f.fetch("g", what);
    CAF_REQUIRE(found.error == none && found.items.size() == 1);
    CAF_CHECK(found.items[0].error == none);
    const committed_offset expected{6, -1, "native", f.times};
    CAF_CHECK(found.items[0].position == expected);
  }
}

CAF_TEST(a native group that Kafka never saw has its position) {
  native_fixture f;
  const auto messages = f.fill();
  f.rewrite("native-only", messages[2].ts_ns);
  CAF_CHECK_EQUAL(f.position("native-only"), 9);
  f.restart();  // the partition is not loaded when the position is asked for
  CAF_CHECK_EQUAL(f.position("native-only"), 9);
  CAF_CHECK_EQUAL(f.position("native-only", 1), -1);
  CAF_CHECK(f.commit("native-only", 10) == none);
  CAF_CHECK_EQUAL(f.position("native-only"), 10);
}

CAF_TEST(a group is deleted with the positions that a native subscriber added) {
  native_fixture f;
  const auto messages = f.fill();
  CAF_CHECK(f.commit("g", 7) == none);
  const auto native = f.topic->directory_of(1);
  f.rewrite_at(smq::position_path(native, "g"), messages[2].ts_ns);
  auto removed = value_of(f.node.ask_later<error_code>(unknown_server_error, [&](auto answer) {
    caf::anon_send(f.registry, msg::delete_group{"g", answer});
  }));
  CAF_CHECK(removed == none);
  for (int i = 0; i < 2; ++i) {
    CAF_CHECK_EQUAL(f.position("g"), -1);
    CAF_CHECK_EQUAL(f.position("g", 1), -1);
    f.restart();
  }
}

CAF_TEST(what cannot be translated is an error and never a guess) {
  native_fixture f;
  const auto messages = f.fill();
  CAF_CHECK(f.commit("g", 7) == none);
  f.rewrite("g", messages[2].ts_ns);
  f.node.ports->reads_fail = 1;
  CAF_CHECK_EQUAL(f.position("g"), -2);
  CAF_CHECK_EQUAL(f.position("g"), 9);
  f.rewrite("g", "{\"type\":\"offset\",\"val");
  CAF_CHECK_EQUAL(f.position("g"), -2);
  f.rewrite("g", "");
  CAF_CHECK_EQUAL(f.position("g"), -2);
  f.rewrite("g", messages[2].ts_ns);
  f.node.registries->partitions.clear();
  CAF_CHECK_EQUAL(f.position("g"), -2);
}

CAF_TEST(a position in an empty partition is its start) {
  native_fixture f;
  f.rewrite("g", 1'700'000'000'000'000'000);
  CAF_CHECK_EQUAL(f.position("g"), 0);
}

CAF_TEST(metadata that no Kafka response can carry is left out) {
  native_fixture f;
  f.fill();
  f.rewrite("g", R"({"value":1,"metadata":")" + std::string(40'000, 'x') + R"("})");
  const auto found = f.fetch("g", std::vector{f.where(0)});
  CAF_REQUIRE_EQUAL(found.items.size(), 1u);
  CAF_CHECK(found.items[0].error == none);
  CAF_CHECK_EQUAL(found.items[0].position.offset, 0);
  CAF_CHECK(found.items[0].position.metadata.empty());
}
