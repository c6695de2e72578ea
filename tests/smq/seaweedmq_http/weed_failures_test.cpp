#define CAF_SUITE weed_failures
// Chunks on a real SeaweedFS whose processes are killed.
#include "tests/smq/seaweedmq_http/fake_server.hpp"
#include "tests/smq/seaweedmq_http/weed_cluster.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;
using namespace tidegate::smq::testing;
using namespace std::chrono_literals;

CAF_TEST(with two copies a read survives a dead server and absent needs both) {
  weed_cluster cluster(2, "001");
  master_directory where(cluster);
  chunk_store_options options;
  options.copies = 2;
  options.attempt_timeout = 3s;
  chunk_store store(where, options);
  const auto id = put_to(store, "replicated");
  const auto lost = put_to(store, "discarded");
  CAF_REQUIRE(id.is_ok() && lost.is_ok());
  CAF_CHECK_EQUAL(text_from(store, id.value, 0, 10), "replicated");
  store.mark_uploads("whose-it-is_9");
  const auto marked = put_to(store, "marked");
  for (const std::size_t server : {1U, 2U}) {
    const auto look = [&](const chunk_id& one) {
      return wait_for<result<stored_chunk>>([&](auto done) { store.look(one, cluster.address(server), soon(), done); });
    };
    CAF_CHECK_EQUAL(look(id.value).value.mark, "");
    CAF_CHECK_EQUAL(look(id.value).value.bytes, 10U);
    CAF_CHECK_EQUAL(look(marked.value).value.mark, "whose-it-is_9");
    CAF_CHECK_EQUAL(look(marked.value).value.bytes, 6U);
    CAF_CHECK(look("1" + marked.value).what.code == status::absent);  // no such volume there
  }
  CAF_CHECK_EQUAL(text_from(store, marked.value, 0, 6), "marked");
  CAF_CHECK(wait_for<outcome>([&](auto done) { store.discard(lost.value, soon(), done); }).is_ok());
  CAF_CHECK(get_from(store, lost.value, 0, 1).what.code == status::absent);
  for (const std::size_t dead : {1U, 2U}) {
    cluster.kill(dead);
    CAF_CHECK_EQUAL(text_from(store, id.value, 0, 10), "replicated");
    CAF_CHECK(get_from(store, lost.value, 0, 1).what.code == status::unknown);
    const auto failed = put_to(store, "nowhere", in(3s));
    CAF_CHECK(failed.what.code == status::refused || failed.what.code == status::unknown);
    cluster.start(dead);
    cluster.wait_until_it_serves();
  }
  CAF_CHECK(put_to(store, "again").is_ok());
}

CAF_TEST(a volume server that dies during uploads loses nothing that was ok) {
  weed_cluster cluster(1, "000");
  master_directory where(cluster);
  chunk_store_options options;
  options.fsync = false;
  options.attempt_timeout = 3s;
  options.id_patience = 1s;
  chunk_store store(where, options);
  std::vector<std::pair<chunk_id, char>> kept;
  int failed = 0;
  std::mutex mutex;
  const auto put_all = [&](int count, bool kill_at_half) {
    std::vector<std::future<void>> answers;
    for (int i = 0; i < count; ++i) {
      auto promise = std::make_shared<std::promise<void>>();
      answers.push_back(promise->get_future());
      const char fill = static_cast<char>('a' + i % 26);
      store.put({shared_bytes::copy_of(as_byte_view(std::string(1U << 20U, fill)))}, in(10s),
                [&, promise, fill](const result<chunk_id>& got) {
                  const std::lock_guard lock(mutex);
                  if (got.is_ok()) kept.emplace_back(got.value, fill);
                  else ++failed;
                  promise->set_value();
                });
      if (kill_at_half && i == count / 2) {
        CAF_CHECK(answers.front().wait_for(60s) == std::future_status::ready);
        cluster.kill(1);
      }
    }
    for (auto& one : answers) CAF_CHECK(one.wait_for(60s) == std::future_status::ready);
  };
  put_all(40, true);
  CAF_CHECK_EQUAL(kept.size() + static_cast<std::size_t>(failed), 40U);
  CAF_CHECK(!kept.empty());
  CAF_CHECK(failed > 0);
  CAF_CHECK(get_from(store, kept.front().first, 0, 1, in(2s)).what.code == status::unknown);
  cluster.start(1);
  cluster.wait_until_it_serves();
  put_all(10, false);
  for (const auto& [id, fill] : kept) {
    const auto got = get_from(store, id, 0, 1U << 20U);
    CAF_CHECK(got.is_ok());
    CAF_CHECK(as_text(got.value.view()) == std::string(1U << 20U, fill));
  }
  CAF_CHECK_EQUAL(store.measure().put_bytes, 0U);
}

CAF_TEST(after a crash of everything old chunks are there and new ones are stored) {
  weed_cluster cluster(1, "000");
  master_directory where(cluster);
  chunk_store store(where, {});
  std::vector<std::pair<chunk_id, std::string>> kept;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) {
      const auto bytes = "round " + std::to_string(round) + " chunk " + std::to_string(i);
      const auto id = put_to(store, bytes);  // the stock of the round before is not forgotten
      CAF_REQUIRE(id.is_ok());
      kept.emplace_back(id.value, bytes);
    }
    for (const std::size_t server : {0U, 1U}) cluster.kill(server);
    CAF_CHECK(put_to(store, "nowhere", in(500ms)).what.code != status::ok);
    CAF_CHECK(get_from(store, kept.front().first, 0, 1, in(500ms)).what.code == status::unknown);
    for (const std::size_t server : {0U, 1U}) cluster.start(server);
    cluster.wait_until_it_serves();
    for (const auto& [id, bytes] : kept)
      CAF_CHECK(text_from(store, id, 0, bytes.size()) == bytes);
  }
}

CAF_TEST(a cluster that wants signed uploads gets them) {
  weed_cluster cluster(1, "000", "[jwt.signing]\nkey = \"secret\"\n");
  master_directory where(cluster);
  chunk_store store(where, {});
  for (int i = 0; i < 5; ++i) {
    const auto bytes = "signed " + std::to_string(i);
    const auto id = put_to(store, bytes);
    CAF_REQUIRE(id.is_ok());
    CAF_CHECK(text_from(store, id.value, 0, bytes.size()) == bytes);
  }
  CAF_CHECK(!where.last().token.empty());
}
