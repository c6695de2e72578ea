#define CAF_SUITE damaged_positions
// A stored position is damaged through the store's own ports, or below them; a client asks over a socket.
#include "actors/node.hpp"
#include "messages/kafka/metadata.hpp"
#include "messages/kafka/offset_commit.hpp"
#include "messages/kafka/offset_fetch.hpp"
#include "smq/names.hpp"
#include "smq/positions/positions.hpp"
#include "smq/topics/catalog.hpp"
#include "tests/actors/socket_client.hpp"
#include "tests/smq/damaged_entry.hpp"
#include "tests/smq/test_engine.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::smq::testing;
using client = tidegate::test::socket_client;

namespace {

constexpr std::int64_t committed = 17;

struct fixture {
  fixture() {
    settings.listen = "127.0.0.1:" + std::to_string(port);
    settings.data_dir = home.path("/data");
  }

  [[nodiscard]] std::unique_ptr<actors::node> start() const {
    std::string error;
    auto client_port = actors::node::bind(settings, error);
    if (!client_port) CAF_FAIL(error);
    auto started = actors::node::start(settings, client_port, error);
    if (!started) CAF_FAIL(error);
    return started;
  }

  [[nodiscard]] error_code commit(const std::string& group) const {
    kafka::offset_commit_request request;
    request.group_id = group;
    request.topics = {{"t", {}, {{0, committed, -1, -1, "m"}}}};
    const auto answer = client{port}.call<kafka::offset_commit_response>(request, 7);
    return answer.topics.at(0).partitions.at(0).error_code;
  }

  [[nodiscard]] kafka::offset_fetch_response::partition fetch(const std::string& group) const {
    kafka::offset_fetch_request request;
    request.group_id = group;
    request.topics = std::vector<kafka::offset_fetch_request::topic>{{"t", {0}}};
    const auto answer = client{port}.call<kafka::offset_fetch_response>(request, 5);
    CAF_CHECK(answer.error_code == error_code::none);
    return answer.topics.at(0).partitions.at(0);
  }

  void create_topic_and_commit() const {
    kafka::metadata_request create;
    kafka::metadata_request::topic named;
    named.name = "t";
    create.topics = std::vector{named};
    CAF_REQUIRE(client{port}.call<kafka::metadata_response>(create, 4).topics.at(0).error_code == error_code::none);
    CAF_REQUIRE(commit("g") == error_code::none && commit("other") == error_code::none);
  }

  /// Of group "g". No node may run.
  [[nodiscard]] std::string position_path() const {
    const auto store = open_embedded(settings.data_dir);
    const auto topic = wait_for<smq::topic_answer>(
      [&](auto done) { smq::topic_catalog{store->ports().entries}.get("t", soon(), done); });
    return smq::position_path(topic.topic.directory_of(0), "g");
  }

  /// Changes the stored position of group "g", while no node runs. Returns what was there.
  [[nodiscard]] smq::entry change(const std::function<void(smq::entry&)>& how) {
    const auto path = position_path();
    const auto store = open_embedded(settings.data_dir);
    const blocking entries{store->ports()};
    const auto before = entries.get(path);
    CAF_REQUIRE(before.is_ok());
    auto after = before.value;
    how(after);
    const std::string guard = "/topics/.tidegate/test";
    const auto last = entries.get(guard);
    const auto expected = last.is_ok() ? std::optional{last.value.content} : std::nullopt;
    const auto what = entries.transact(
      {guard, expected}, {{smq::mutation::kind::put, after}, put(guard, std::to_string(++changes))});
    CAF_REQUIRE(what.is_ok());
    return before.value;
  }

  scratch_directory home;
  std::uint16_t port = test::free_port();
  actors::options settings;
  int changes = 0;
};

std::string& attribute_of(smq::entry& e) { return e.attributes.at(smq::position_attribute_name); }

const std::pair<const char*, std::function<void(smq::entry&)>> damages[] = {
  {"attribute cut off", [](smq::entry& e) { attribute_of(e).pop_back(); }},
  {"attribute empty", [](smq::entry& e) { attribute_of(e).clear(); }},
  {"attribute garbage", [](smq::entry& e) { attribute_of(e).assign(80, 'g'); }},
  {"another version", [](smq::entry& e) { attribute_of(e)[0] = 0x7f; }},
  {"another value", [](smq::entry& e) { attribute_of(e)[8] ^= 1; }},
  {"another offset", [](smq::entry& e) { attribute_of(e)[16] ^= 1; }},
  {"another topic id", [](smq::entry& e) { attribute_of(e)[25] ^= 1; }},
  {"content cut off", [](smq::entry& e) { e.content.pop_back(); }},
  {"content empty", [](smq::entry& e) { e.content.clear(); }},
};

}  // namespace

CAF_TEST(a damaged position is a storage error over a socket and never minus one) {
  fixture f;
  {
    const auto node = f.start();
    f.create_topic_and_commit();
  }
  for (const auto& [name, damage] : damages) {
    const auto before = f.change(damage);
    {
      const auto node = f.start();
      const auto found = f.fetch("g");
      CAF_MESSAGE(name << ": error " << static_cast<int>(found.error_code) << ", offset " << found.committed_offset);
      CAF_CHECK(found.error_code == error_code::kafka_storage_error);
      CAF_CHECK_EQUAL(f.fetch("other").committed_offset, committed);
    }
    static_cast<void>(f.change([&](smq::entry& e) { e = before; }));
    const auto node = f.start();
    const auto found = f.fetch("g");
    CAF_CHECK(found.error_code == error_code::none);
    CAF_CHECK_EQUAL(found.committed_offset, committed);
  }
}

CAF_TEST(a position whose entry cannot be decoded is a storage error until the next commit) {
  fixture f;
  {
    const auto node = f.start();
    f.create_topic_and_commit();
  }
  change_stored_entry(f.settings.data_dir, f.position_path(), [](std::string& bytes) { bytes.pop_back(); });
  {
    const auto node = f.start();
    CAF_CHECK(f.fetch("g").error_code == error_code::kafka_storage_error);
    CAF_CHECK_EQUAL(f.fetch("other").committed_offset, committed);
    CAF_CHECK(f.commit("g") == error_code::none);
    CAF_CHECK_EQUAL(f.fetch("g").committed_offset, committed);
  }
  const auto node = f.start();
  CAF_CHECK_EQUAL(f.fetch("g").committed_offset, committed);
}
