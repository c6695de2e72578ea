#define CAF_SUITE http_limits
// Connections, queues, bytes in flight and the stock of file ids, against servers that say what the test wants.
#include "messages/common/crc32c.hpp"
#include "tests/smq/seaweedmq_http/fake_server.hpp"

#include <set>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;
using namespace tidegate::smq::testing;
using namespace std::chrono_literals;
using then = fake_reply::then;

namespace {

std::string stored(const std::string& request) {
  const auto body = request.substr(request.find("\r\n\r\n") + 4);
  std::array<char, 9> crc{};
  std::snprintf(crc.data(), crc.size(), "%08x", crc32c(as_byte_view(body)));
  const auto json = R"({"size":)" + std::to_string(body.size()) + "}";
  return "HTTP/1.1 201 Created\r\nEtag: \"" + std::string(crc.data()) +
         "\"\r\nContent-Length: " + std::to_string(json.size()) + "\r\n\r\n" + json;
}

const std::string three_bytes =
  "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3\r\n\r\nabc";

struct many_puts {
  std::vector<std::future<result<chunk_id>>> answers;

  void start(chunk_port& store, int count, std::size_t size = 3) {
    for (int i = 0; i < count; ++i) {
      auto promise = std::make_shared<std::promise<result<chunk_id>>>();
      answers.push_back(promise->get_future());
      store.put({shared_bytes(byte_buffer(size))}, soon(),
                [promise](result<chunk_id> got) { promise->set_value(std::move(got)); });
    }
  }

  std::vector<result<chunk_id>> wait() {
    std::vector<result<chunk_id>> all;
    for (auto& one : answers) {
      if (one.wait_for(60s) != std::future_status::ready) CAF_FAIL("no answer");
      all.push_back(one.get());
    }
    return all;
  }
};

}  // namespace

CAF_TEST(no more connections than allowed and each is kept) {
  fake_server server([](const std::string& request) { return fake_reply{stored(request)}; });
  fake_directory where({server.address()});
  chunk_store_options options;
  options.connections_per_server = 3;
  chunk_store store(where, options);
  many_puts puts;
  puts.start(store, 200);
  std::set<std::string> ids;
  for (const auto& one : puts.wait()) {
    CAF_CHECK(one.is_ok());
    ids.insert(one.value);
  }
  CAF_CHECK_EQUAL(ids.size(), 200U);
  CAF_CHECK(server.most_at_once() <= 3U);
  CAF_CHECK_EQUAL(store.measure().connections_opened, 3U);
}

CAF_TEST(a full queue refuses and says so) {
  fake_server server([](const std::string&) { return fake_reply{"", then::stall}; });
  fake_directory where({server.address()});
  chunk_store_options options;
  options.connections_per_server = 1;
  options.queued_per_server = 2;
  many_puts puts;
  {
    chunk_store store(where, options);
    puts.start(store, 5);
    CAF_CHECK(puts.answers[3].wait_for(10s) == std::future_status::ready);
    CAF_CHECK(puts.answers[4].wait_for(10s) == std::future_status::ready);
  }
  const auto all = puts.wait();
  CAF_CHECK(all[3].what.code == status::refused && all[4].what.code == status::refused);
  CAF_CHECK(all[4].what.reason.find("too many requests") != std::string::npos);
}

CAF_TEST(bytes in flight are bounded and what is too much waits for its turn) {
  fake_server server([](const std::string& request) { return fake_reply{stored(request)}; });
  fake_directory where({server.address()});
  chunk_store_options options;
  options.max_put_bytes = 1000;
  options.max_get_bytes = 1000;
  chunk_store store(where, options);
  CAF_CHECK(put_to(store, std::string(1001, 'x')).is_ok());  // larger than the bound: alone
  where.silent = true;
  store.forget_stock();
  many_puts puts;
  puts.start(store, 3, 400);
  const auto late = put_to(store, "abc", std::chrono::steady_clock::now() + 50ms);
  CAF_CHECK(late.what.code == status::refused);
  CAF_CHECK(late.what.reason.find("800 bytes") != std::string::npos);
  CAF_CHECK_EQUAL(store.measure().put_bytes, 800U);
  where.silent = false;
  store.forget_stock();  // asks again
  for (const auto& one : puts.wait()) CAF_CHECK(one.is_ok());
}

CAF_TEST(reads that are too much at once wait and all are answered) {
  auto opened = std::make_unique<std::promise<void>>();
  const auto is_open = opened->get_future().share();
  fake_server server([is_open](const std::string&) {
    is_open.wait();
    return fake_reply{three_bytes};
  });
  const auto opens = std::move(opened);  // before the server ends, which waits for its threads
  fake_directory where({server.address()});
  chunk_store_options options;
  options.max_get_bytes = 6;
  options.max_waiting = 50;
  chunk_store store(where, options);
  std::vector<std::future<result<shared_bytes>>> answers;
  for (int i = 0; i < 60; ++i) {
    auto promise = std::make_shared<std::promise<result<shared_bytes>>>();
    answers.push_back(promise->get_future());
    store.get("7,01aabbccdd", 0, 3, soon(), [promise](result<shared_bytes> got) { promise->set_value(std::move(got)); });
  }
  // Too much at once says nothing about the chunk: it is never "refused", which a reader takes for damage.
  for (int i = 52; i < 60; ++i) {
    auto& answer = answers[static_cast<std::size_t>(i)];
    if (answer.wait_for(10s) != std::future_status::ready) CAF_FAIL("nobody was turned away");
    const auto got = answer.get();
    CAF_CHECK(got.what.code == status::unknown);
    CAF_CHECK(got.what.reason.find("too many") != std::string::npos);
  }
  opens->set_value();
  for (std::size_t i = 0; i < 52; ++i) CAF_CHECK(answers[i].get().is_ok());
}

CAF_TEST(the stock is filled before it runs out and forgotten when told) {
  std::mutex mutex;
  std::vector<std::string> seen;
  fake_server server([&](const std::string& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request.substr(0, request.find(" HTTP")));
    return fake_reply{stored(request)};
  });
  fake_directory where({server.address()});
  chunk_store_options options;
  options.fsync = false;
  options.ids_per_assign = 8;
  chunk_store store(where, options);
  for (int i = 0; i < 6; ++i) CAF_CHECK_EQUAL(put_to(store, "abc").value, "7,0" + std::to_string(i + 1) + "0badcafe");
  CAF_CHECK_EQUAL(where.assigns.load(), 2U);
  store.forget_stock();
  CAF_CHECK_EQUAL(put_to(store, "abc").value, "7,07d10badcafe");
  CAF_CHECK_EQUAL(where.assigns.load(), 3U);
  CAF_CHECK_EQUAL(seen.front(), "POST /7,010badcafe");
}

CAF_TEST(a stock says how large its chunks will be) {
  fake_server server([](const std::string& request) { return fake_reply{stored(request)}; });
  fake_directory where({server.address()});
  chunk_store_options options;
  options.fsync = false;
  options.ids_per_assign = 8;
  chunk_store store(where, options);
  for (int i = 0; i < 6; ++i) CAF_CHECK(put_to(store, "small").is_ok());
  CAF_CHECK_EQUAL(where.bytes_each.load(), 1024U);
  for (int i = 0; i < 100; ++i) CAF_CHECK(put_to(store, std::string(10'000, 'l')).is_ok());
  CAF_CHECK(where.bytes_each.load() > 9'000U && where.bytes_each.load() <= 10'000U);
}

CAF_TEST(with a token the uploads use the form that it is signed for) {
  std::mutex mutex;
  std::vector<std::string> seen;
  fake_server server([&](const std::string& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request);
    return fake_reply{stored(request)};
  });
  fake_directory where({server.address()});
  where.token = "abc.def";
  chunk_store store(where, {});
  CAF_CHECK_EQUAL(put_to(store, "abc").value, "7,010badcafe");
  CAF_CHECK_EQUAL(put_to(store, "abc").value, "7,020badcafe");
  CAF_CHECK(seen.at(0).starts_with("POST /7,010badcafe?fsync=true HTTP/1.1\r\n"));
  CAF_CHECK(seen.at(1).starts_with("POST /7,010badcafe_1?fsync=true HTTP/1.1\r\n"));
  CAF_CHECK(seen.at(1).find("\r\nAuthorization: Bearer abc.def\r\n") != std::string::npos);
}

CAF_TEST(answers of the directory that make no sense are not used) {
  fake_server server([](const std::string& request) { return fake_reply{stored(request)}; });
  chunk_store_options options;
  options.id_patience = 100ms;
  fake_directory injected({server.address()});
  injected.token = "a\r\nX-Evil: 1";
  chunk_store first(injected, options);
  CAF_CHECK(put_to(first, "abc").what.code == status::refused);
  fake_directory nowhere({"127.0.0.1:80\r\nX: 1"});
  chunk_store second(nowhere, options);
  CAF_CHECK(put_to(second, "abc").what.code == status::refused);
  CAF_CHECK(get_from(second, "7,01aabbccdd", 0, 3).what.code == status::unknown);
  fake_directory none({server.address()});
  none.most_ids = 0;
  chunk_store third(none, options);
  CAF_CHECK(put_to(third, "abc").what.code == status::refused);
  CAF_CHECK_EQUAL(server.requests(), 0U);
}

CAF_TEST(a connection that the server closed while it was idle costs a GET nothing) {
  // Keeps the first connection until a second request comes over it, which it drops unread.
  std::atomic<int> number{0};
  fake_server server([&](const std::string&) {
    const auto now = ++number;
    return now == 2 ? fake_reply{"", then::close} : fake_reply{three_bytes};
  });
  fake_directory where({server.address()});
  chunk_store store(where, {});
  CAF_CHECK(get_from(store, "7,01aabbccdd", 0, 3).is_ok());
  CAF_CHECK(get_from(store, "7,01aabbccdd", 0, 3).is_ok());
  CAF_CHECK_EQUAL(server.requests(), 3U);
  CAF_CHECK_EQUAL(where.lookups.load(), 1U);
  // Not twice, and not on a fresh connection: then the cached location is doubted.
  number = 1;
  fake_server dead([](const std::string&) { return fake_reply{"", then::close}; });
  fake_directory there({dead.address()});
  chunk_store other(there, {});
  CAF_CHECK(get_from(other, "7,01aabbccdd", 0, 3).what.code == status::unknown);
  CAF_CHECK_EQUAL(dead.requests(), 3U);
  CAF_CHECK_EQUAL(there.lookups.load(), 3U);
}

CAF_TEST(a filer that is away does not take the volume servers with it) {
  std::atomic<bool> is_gone = false;
  fake_server server([&](const std::string&) {
    return is_gone ? fake_reply{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"} : fake_reply{three_bytes};
  });
  fake_directory where({server.address()});
  chunk_store_options options;
  options.location_lifetime = 0ms;
  chunk_store store(where, options);
  CAF_CHECK(get_from(store, "7,01aabbccdd", 0, 3).is_ok());
  where.fails = true;
  for (int i = 0; i < 3; ++i) CAF_CHECK(get_from(store, "7,01aabbccdd", 0, 3).is_ok());
  is_gone = true;  // what is remembered proves nothing
  CAF_CHECK(get_from(store, "7,01aabbccdd", 0, 3).what.code == status::unknown);
  CAF_CHECK(get_from(store, "8,01aabbccdd", 0, 3).what.code == status::unknown);
}

CAF_TEST(a server that closes an idle connection is noticed and locations expire) {
  fake_server server([](const std::string&) { return fake_reply{three_bytes, then::close}; });
  fake_directory where({server.address()});
  chunk_store_options options;
  options.location_lifetime = 0ms;
  chunk_store store(where, options);
  for (int i = 0; i < 5; ++i) CAF_CHECK(get_from(store, "7,01aabbccdd", 0, 3).is_ok());
  CAF_CHECK_EQUAL(where.lookups.load(), 5U);
}
