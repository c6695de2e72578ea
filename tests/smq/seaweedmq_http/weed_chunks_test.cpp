#define CAF_SUITE weed_chunks
// Chunks on a real SeaweedFS with one volume server.
#include "tests/smq/seaweedmq_http/fake_server.hpp"
#include "tests/smq/seaweedmq_http/weed_cluster.hpp"

#include <rapidcheck.h>

#include <set>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;
using namespace tidegate::smq::testing;

namespace {

weed_cluster& shared_cluster() {
  static weed_cluster cluster(1, "000");
  return cluster;
}

std::string pattern(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  for (auto& byte : bytes) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(seed >> 56U);
  }
  return bytes;
}

std::vector<shared_bytes> split(const std::string& bytes, std::vector<std::size_t> cuts) {
  for (auto& cut : cuts) cut %= bytes.size() + 1;
  std::sort(cuts.begin(), cuts.end());
  cuts.push_back(bytes.size());
  const auto whole = shared_bytes::copy_of(as_byte_view(bytes));
  std::vector<shared_bytes> parts;
  std::size_t from = 0;
  for (const auto cut : cuts) {
    parts.push_back(whole.slice(from, cut - from));
    from = cut;
  }
  return parts;
}

}  // namespace

CAF_TEST(what is put in any parts is read in any range) {
  master_directory where(shared_cluster());
  chunk_store store(where, {});
  CAF_CHECK(rc::check("put and get", [&](std::uint64_t seed, const std::vector<std::size_t>& cuts) {
    const auto bits = *rc::gen::inRange(0, 24);
    const auto size = *rc::gen::inRange<std::size_t>(1, (std::size_t{1} << static_cast<unsigned>(bits)) + 1);
    const auto bytes = pattern(size, seed);
    const auto id = wait_for<result<chunk_id>>([&](auto done) { store.put(split(bytes, cuts), soon(), done); });
    RC_ASSERT(id.is_ok());
    for (int i = 0; i < 3; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, size + 1);
      const auto count = *rc::gen::inRange<std::size_t>(0, size - at + 1);
      const auto got = get_from(store, id.value, at, count);
      RC_ASSERT(got.is_ok());
      RC_ASSERT(as_text(got.value.view()) == bytes.substr(at, count));
    }
    RC_ASSERT(get_from(store, id.value, 0, size).value == shared_bytes::copy_of(as_byte_view(bytes)));
    RC_ASSERT(get_from(store, id.value, size, 1).what.code == status::refused);
    RC_ASSERT(get_from(store, id.value, size / 2, size - size / 2 + 1).what.code == status::refused);
    RC_ASSERT(get_from(store, id.value, size + 1, 0).what.code == status::refused);
  }));
  CAF_CHECK_EQUAL(store.measure().connections_opened, 1U);
}

CAF_TEST(bytes that look like text or archives come back as they were) {
  master_directory where(shared_cluster());
  chunk_store store(where, {});
  std::string text;
  while (text.size() < 100000) text += "{\"a\": \"the same words again and again\"}\n";
  for (const auto& bytes : {text, std::string(100000, '\0'), "\x1f\x8b\x08" + std::string(1000, 'x'),
                            "<html>" + std::string(1000, ' '), std::string("\xff\xd8\xff\xe0\0\x10JFIF\0", 11)}) {
    const auto id = put_to(store, bytes);
    CAF_REQUIRE(id.is_ok());
    CAF_CHECK(text_from(store, id.value, 0, bytes.size()) == bytes);
    CAF_CHECK(text_from(store, id.value, 1, 9) == bytes.substr(1, 9));
  }
}

CAF_TEST(sixty four puts at once get ids of their own with and without fsync) {
  master_directory where(shared_cluster());
  for (const bool fsync : {true, false}) {
    chunk_store_options options;
    options.fsync = fsync;
    chunk_store store(where, options);
    std::vector<std::future<result<chunk_id>>> answers;
    for (std::size_t i = 0; i < 64; ++i) {
      auto promise = std::make_shared<std::promise<result<chunk_id>>>();
      answers.push_back(promise->get_future());
      store.put(split(pattern(10000 + i, i), {i, 100 * i}), soon(),
                [promise](result<chunk_id> got) { promise->set_value(std::move(got)); });
    }
    std::set<std::string> ids;
    for (std::size_t i = 0; i < 64; ++i) {
      CAF_REQUIRE(answers[i].wait_for(std::chrono::seconds(60)) == std::future_status::ready);
      const auto id = answers[i].get();
      CAF_REQUIRE(id.is_ok());
      CAF_CHECK(ids.insert(id.value).second);
      CAF_CHECK(text_from(store, id.value, 0, 10000 + i) == pattern(10000 + i, i));
    }
    CAF_CHECK(store.measure().connections_opened <= 8U);
  }
}

CAF_TEST(a discarded chunk is absent and discarding it again is fine) {
  master_directory where(shared_cluster());
  chunk_store store(where, {});
  const auto id = put_to(store, "orphan");
  CAF_REQUIRE(id.is_ok());
  const auto discard = [&](const std::string& one) {
    return wait_for<outcome>([&](auto done) { store.discard(one, soon(), done); });
  };
  CAF_CHECK(discard(id.value).is_ok());
  CAF_CHECK(get_from(store, id.value, 0, 6).what.code == status::absent);
  CAF_CHECK(discard(id.value).is_ok());
  CAF_CHECK(discard("nonsense").code == status::refused);
}

CAF_TEST(what was never there is absent or unknown) {
  master_directory where(shared_cluster());
  chunk_store store(where, {});
  const auto id = put_to(store, "0123456789");
  CAF_REQUIRE(id.is_ok());
  auto other = id.value;
  other.back() = other.back() == '0' ? '1' : '0';
  CAF_CHECK(get_from(store, other, 0, 1).what.code == status::absent);
  CAF_CHECK(get_from(store, "4000000000,01aabbccdd", 0, 1).what.code == status::unknown);
}

CAF_TEST(ids that somebody else used cost a repeat and overwrite nothing) {
  master_directory where(shared_cluster());
  chunk_store mine(where, {});
  const auto first = put_to(mine, "mine");
  CAF_REQUIRE(first.is_ok());
  auto again = where.last();
  const auto digits = again.first.size() - 8;
  again.first.replace(digits, 8, again.first.substr(digits) == "00000001" ? "00000002" : "00000001");
  where.give_next(again);  // what a master does after a crash: the keys again, another cookie
  chunk_store other(where, {});
  const auto second = put_to(other, "other");
  CAF_REQUIRE(second.is_ok());
  CAF_CHECK(second.value.find("0000000") == std::string::npos);
  CAF_CHECK_EQUAL(text_from(mine, first.value, 0, 4), "mine");
  CAF_CHECK_EQUAL(text_from(mine, second.value, 0, 5), "other");
  where.give_next(again);
  other.forget_stock();
  CAF_CHECK(put_to(other, "third").is_ok());
  CAF_CHECK_EQUAL(text_from(mine, first.value, 0, 4), "mine");
}
