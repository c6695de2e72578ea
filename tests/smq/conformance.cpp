#define CAF_SUITE conformance
#include "tests/smq/conformance.hpp"

#include "tests/smq/test_engine.hpp"

#include <thread>

namespace tidegate::smq::testing {

namespace {

std::vector<std::string> names_of(const result<list_page>& page) {
  std::vector<std::string> names;
  for (const auto& e : page.value.entries) names.push_back(e.path.substr(e.path.rfind('/') + 1));
  return names;
}

bool is(const outcome& o, status expected) {
  if (o.code != expected) CAF_MESSAGE("outcome " << static_cast<int>(o.code) << ": " << o.reason);
  return o.code == expected;
}

/// A released chunk is gone at once or, where another process erases it, soon. Until then nothing but its old bytes or
/// doubt may be answered.
bool is_gone_soon(const blocking& store, const chunk_id& id, std::uint64_t size) {
  const auto deadline = soon();
  for (;;) {
    const auto got = store.get_chunk(id, 0, size);
    if (got.what.code == status::absent) return true;
    if (got.what.code == status::refused || (got.is_ok() && got.value.size() != size)) return false;
    if (std::chrono::steady_clock::now() > deadline) return is(got.what, status::absent);
    std::promise<void> never;
    never.get_future().wait_for(std::chrono::milliseconds{20});
  }
}

std::string text_of(const result<shared_bytes>& r) { return std::string{as_text(r.value.view())}; }

}  // namespace

void check_outcomes_and_guards(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto fence = root + "/fence";
  CAF_CHECK(is(store.get(fence).what, status::absent));
  CAF_CHECK(is(store.transact({fence, "1"}, {put(fence, "2")}), status::conflict));
  CAF_CHECK(is(store.transact({fence, std::nullopt}, {put(root + "/a", "A"), put(fence, "1")}), status::ok));
  CAF_CHECK_EQUAL(store.get(root + "/a").value.content, "A");
  CAF_CHECK(is(store.transact({fence, std::nullopt}, {put(fence, "2")}), status::conflict));
  CAF_CHECK(is(store.transact({fence, "0"}, {put(root + "/b", "B"), put(fence, "2")}), status::conflict));
  CAF_CHECK(is(store.get(root + "/b").what, status::absent));
  CAF_CHECK(
      is(store.transact({fence, "1"}, {erase(root + "/a"), erase(root + "/never"), put(fence, "2")}), status::ok));
  CAF_CHECK(is(store.get(root + "/a").what, status::absent));
  // The same transaction again, late: its guard is of the past.
  CAF_CHECK(is(store.transact({fence, "1"}, {put(root + "/a", "A"), put(fence, "2")}), status::conflict));
  CAF_CHECK(is(store.get(root + "/a").what, status::absent));

  // Bytes of every kind come back as they were.
  entry odd;
  odd.path = root + "/odd";
  for (int i = 0; i < 256; ++i) odd.content.push_back(static_cast<char>(i));
  odd.attributes = {{"empty", ""}, {"tg.pos", std::string{"\0\xff\n", 3}}};
  CAF_CHECK(is(store.transact({fence, "2"}, {{mutation::kind::put, odd}, put(fence, "3")}), status::ok));
  CAF_CHECK(store.get(odd.path).value == odd);
  // A put replaces everything, attributes as well.
  CAF_CHECK(is(store.transact({fence, "3"}, {put(odd.path, ""), put(fence, "4")}), status::ok));
  CAF_CHECK(store.get(odd.path).value == (entry{odd.path, "", {}, {}}));
}

void check_order_of_mutations(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto fence = root + "/fence";
  CAF_CHECK(is(store.transact({fence, std::nullopt},
                              {put(root + "/x", "1"), erase(root + "/x"), put(root + "/y", "1"), put(root + "/y", "2"),
                               erase(root + "/z"), put(root + "/z", "3"), put(fence, "1")}),
               status::ok));
  CAF_CHECK(is(store.get(root + "/x").what, status::absent));
  CAF_CHECK_EQUAL(store.get(root + "/y").value.content, "2");
  CAF_CHECK_EQUAL(store.get(root + "/z").value.content, "3");
}

void check_queued_transactions(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto fence = root + "/fence";
  CAF_CHECK(is(store.transact({fence, std::nullopt}, {put(fence, "1")}), status::ok));
  std::vector<std::future<outcome>> answers;
  for (int i = 1; i < 50; ++i) {
    auto promise = std::make_shared<std::promise<outcome>>();
    answers.push_back(promise->get_future());
    ports.entries.transact({fence, std::to_string(i)},
                           {put(root + "/last", std::to_string(i)), put(fence, std::to_string(i + 1))}, soon(),
                           [promise](outcome o) { promise->set_value(std::move(o)); });
  }
  bool all = true;
  for (auto& a : answers) all = is(a.get(), status::ok) && all;
  CAF_CHECK(all);
  CAF_CHECK_EQUAL(store.get(root + "/last").value.content, "49");
}

void check_names_and_sizes(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto fence = root + "/fence";
  const std::string long_name(255, 'n');
  const std::vector<std::string> bad{"",
                                     "relative",
                                     root + "//twice",
                                     root + "/",
                                     root + "/../up",
                                     root + "/" + long_name + "n",
                                     root + std::string{"/nul\0", 5}};
  for (const auto& path : bad) {
    CAF_CHECK(is(store.transact({fence, std::nullopt}, {put(root + "/first", "1"), put(path, "2"), put(fence, "1")}),
                 status::refused));
  }
  CAF_CHECK(is(store.get(root + "/first").what, status::absent));
  CAF_CHECK(is(store.get(fence).what, status::absent));
  CAF_CHECK(is(store.transact({fence, std::nullopt}, {put(root + "/" + long_name, "1"), put(fence, "1")}), status::ok));
  CAF_CHECK_EQUAL(store.get(root + "/" + long_name).value.content, "1");
}

void check_listing(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto fence = root + "/fence";
  const auto directory = root + "/list";
  CAF_CHECK(is(store.list(directory).what, status::ok));
  CAF_CHECK(store.list(directory).value.entries.empty());
  std::vector<mutation> mutations;
  for (const auto* name : {"b", "a", "c", "B", "a.1", "a-1", "aa", "\xc3\xa4"}) {
    mutations.push_back(put(directory + "/" + name, name));
  }
  // Neighbours in name and depth that are not children.
  for (const auto* other : {"/list-2/a", "/list/bb/deep", "/lis/a", "/list0"}) {
    mutations.push_back(put(root + other, "other"));
  }
  mutations.push_back(put(fence, "1"));
  CAF_CHECK(is(store.transact({fence, std::nullopt}, mutations), status::ok));
  const std::vector<std::string> all{"B", "a", "a-1", "a.1", "aa", "b", "c", "\xc3\xa4"};
  CAF_CHECK_EQUAL(names_of(store.list(directory)), all);
  CAF_CHECK(!store.list(directory).value.more);
  CAF_CHECK(!store.list(directory, "", all.size()).value.more);

  for (std::size_t limit = 1; limit <= 3; ++limit) {
    std::vector<std::string> seen;
    for (bool more = true; more;) {
      const auto page = store.list(directory, seen.empty() ? "" : seen.back(), limit);
      if (!is(page.what, status::ok)) break;
      CAF_CHECK(page.value.entries.size() <= limit);
      for (auto& name : names_of(page)) seen.push_back(name);
      more = page.value.more;
    }
    CAF_CHECK_EQUAL(seen, all);
  }
  CAF_CHECK_EQUAL(names_of(store.list(directory, "a1")), (std::vector<std::string>{"aa", "b", "c", "\xc3\xa4"}));
  CAF_CHECK(store.list(directory, "\xff").value.entries.empty());
  CAF_CHECK(store.list(directory).value.entries.front().content == "B");
}

void check_get_many(engine ports, const std::string& root) {
  const blocking store{ports};
  CAF_CHECK(
      is(store.transact({root + "/f", std::nullopt}, {put(root + "/1", "one"), put(root + "/f", "1")}), status::ok));
  const auto many = store.get_many({root + "/f", root + "/absent", root + "/1", root + "/1"});
  CAF_REQUIRE(many.is_ok());
  CAF_REQUIRE_EQUAL(many.value.size(), 4U);
  CAF_CHECK_EQUAL(many.value[0].value.content, "1");
  CAF_CHECK(is(many.value[1].what, status::absent));
  CAF_CHECK_EQUAL(many.value[2].value.content, "one");
  CAF_CHECK(many.value[2].value == many.value[3].value);
  CAF_CHECK(store.get_many({}).is_ok());
}

void check_chunks(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto fence = root + "/fence";
  const auto segment = root + "/segment";
  const auto first = store.put_chunk("0123456789");
  const auto second = store.put_chunk("abcdef");
  CAF_REQUIRE(first.is_ok() && second.is_ok());
  CAF_CHECK(first.value != second.value);
  const chunk_ref one{first.value, 0, 10, 7};
  const chunk_ref two{second.value, 10, 6, 8};
  CAF_CHECK(is(store.transact({fence, std::nullopt}, {put(segment, "", {one}), put(fence, "1")}), status::ok));
  CAF_CHECK(is(store.transact({fence, "1"}, {put(segment, "", {one, two}), put(fence, "2")}), status::ok));
  CAF_CHECK(store.get(segment).value.chunks == (std::vector{one, two}));
  CAF_CHECK(store.list(root, "", 10, false).value.entries.back().chunks.empty());
  CAF_CHECK(store.list(root, "", 10, true).value.entries.back().chunks == (std::vector{one, two}));
  CAF_CHECK_EQUAL(text_of(store.get_chunk(first.value, 0, 10)), "0123456789");
  CAF_CHECK_EQUAL(text_of(store.get_chunk(first.value, 3, 4)), "3456");
  CAF_CHECK_EQUAL(text_of(store.get_chunk(second.value, 0, 6)), "abcdef");
  CAF_CHECK(is(store.get_chunk(first.value, 10, 0).what, status::ok));
  CAF_CHECK(is(store.get_chunk(first.value, 5, 6).what, status::refused));
  CAF_CHECK(is(store.get_chunk(first.value, 11, 0).what, status::refused));
  CAF_CHECK(is(store.get_chunk(first.value, ~std::uint64_t{0}, 2).what, status::refused));

  // Gathered parts are one chunk.
  const auto gathered = wait_for<result<chunk_id>>([&](auto done) {
    ports.chunks.put(
        {shared_bytes::copy_of(as_byte_view("head")), shared_bytes{}, shared_bytes::copy_of(as_byte_view("tail"))},
        soon(), std::move(done));
  });
  CAF_REQUIRE(gathered.is_ok());
  CAF_CHECK_EQUAL(text_of(store.get_chunk(gathered.value, 2, 4)), "adta");
  const chunk_ref three{gathered.value, 0, 8, 9};
  CAF_CHECK(
      is(store.transact({fence, "2"}, {put(segment, "", {two}), put(root + "/next", "", {three}), put(fence, "3")}),
         status::ok));
  CAF_CHECK_EQUAL(text_of(store.get_chunk(gathered.value, 0, 8)), "headtail");
  CAF_CHECK(is_gone_soon(store, first.value, 10));
  CAF_CHECK(is(store.get_chunk(second.value, 0, 6).what, status::ok));
  CAF_CHECK(is(store.transact({fence, "3"}, {erase(segment), erase(root + "/next"), put(fence, "4")}), status::ok));
  CAF_CHECK(is_gone_soon(store, second.value, 6));
  CAF_CHECK(is_gone_soon(store, gathered.value, 8));
}

void check_remove_tree(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto fence = root + "/fence";
  CAF_CHECK(is(store.transact({fence, std::nullopt},
                              {put(root + "/t/a", "1"), put(root + "/t/deep/er/b", "2"), put(root + "/t-2", "3"),
                               put(root + "/t2/c", "4"), put(fence, "1")}),
               status::ok));
  CAF_CHECK(is(store.remove_tree(root + "/t"), status::ok));
  CAF_CHECK(is(store.get(root + "/t/a").what, status::absent));
  CAF_CHECK(is(store.get(root + "/t/deep/er/b").what, status::absent));
  CAF_CHECK_EQUAL(store.get(root + "/t-2").value.content, "3");
  CAF_CHECK_EQUAL(store.get(root + "/t2/c").value.content, "4");
  CAF_CHECK(is(store.remove_tree(root + "/t"), status::ok));
}

void check_chunks_of_a_removed_tree(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto fence = root + "/fence";
  const auto chunk = store.put_chunk("bytes");
  CAF_CHECK(is(store.transact({fence, std::nullopt},
                              {put(root + "/t/deep/er/b", "2", {{chunk.value, 0, 5, 0}}), put(fence, "1")}),
               status::ok));
  CAF_CHECK(is(store.remove_tree(root + "/t"), status::ok));
  CAF_CHECK(is_gone_soon(store, chunk.value, 5));
}

void check_concurrent_counters(engine ports, const std::string& root) {
  const blocking store{ports};
  const auto counter = root + "/counter";
  CAF_CHECK(is(store.transact({counter, std::nullopt}, {put(counter, "0")}), status::ok));
  constexpr int thread_count = 16;
  constexpr int increments = 25;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      for (int done = 0; done < increments;) {
        const auto now = store.get(counter).value.content;
        const auto next = std::to_string(std::stoi(now) + 1);
        const auto own = root + "/own/" + std::to_string(t) + "-" + std::to_string(done);
        const auto o = store.transact({counter, now}, {put(own, next), put(counter, next)});
        if (o.is_ok()) ++done;
        if (!o.is_ok() && o.code != status::conflict) ++wrong;
      }
    });
  }
  for (auto& t : threads) t.join();
  CAF_CHECK_EQUAL(wrong.load(), 0);
  CAF_CHECK_EQUAL(store.get(counter).value.content, std::to_string(thread_count * increments));
  CAF_CHECK_EQUAL(store.list(root + "/own").value.entries.size(), static_cast<std::size_t>(thread_count * increments));
}

}  // namespace tidegate::smq::testing
