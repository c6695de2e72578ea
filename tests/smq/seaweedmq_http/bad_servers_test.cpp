#define CAF_SUITE bad_servers
// Volume servers that lie, stall and break off: no wrong bytes, no wrong "absent", one answer each.
#include "smq/counters.hpp"
#include "tests/smq/seaweedmq_http/fake_server.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;
using namespace tidegate::smq::testing;
using namespace std::chrono_literals;
using then = fake_reply::then;

namespace {

const std::string chunk = "7,01aabbccdd";

const std::string gone = answer("404 Not Found", "", "");

chunk_store_options quick() {
  chunk_store_options options;
  options.fsync = false;
  return options;
}

test_authority& authority() {
  static test_authority one;
  return one;
}

/// Both ways to speak to a server: plain, and TLS with certificates on both sides.
struct way {
  std::optional<server_tls> server;
  chunk_store_options options = quick();
};

way way_of(bool secure) {
  if (!secure) return {};
  static const auto files = authority().issue();
  way over{server_tls{files, true}};
  over.options.https = files;
  return over;
}

/// What a GET of bytes [3, 6) makes of one reply to everything.
result<shared_bytes> read_from(const fake_reply& reply, bool secure = false) {
  const auto over = way_of(secure);
  fake_server server([reply](const std::string&) { return reply; }, over.server);
  fake_directory where({server.address()});
  chunk_store store(where, over.options);
  return get_from(store, chunk, 3, 3);
}

}  // namespace

CAF_TEST(the asked bytes are read and nothing else is taken for them) {
  for (const bool secure : {false, true}) {
    const auto good = read_from({part("3-5/10", "345")}, secure);
    CAF_CHECK(good.is_ok());
    CAF_CHECK_EQUAL(as_text(good.value.view()), "345");
  }
  const std::vector<fake_reply> bad{
    {part("0-2/10", "012")}, {part("3-5/10", "34")}, {part("3-5/10", "3456")}, {part("3-5/*", "345")},
    {answer("206 Partial Content", "", "345")}, {answer("200 OK", "", "012")}, {answer("200 OK", "", "0123456789")},
    {answer("500 Internal Server Error", "", "")}, {answer("302 Found", "Location: http://x/\r\n", "")},
    {answer("204 No Content", "", "")}, {answer("401 Unauthorized", "", "{}")},
    {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-5/10\r\nContent-Length: 3\r\n\r\n34", then::close},
    {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-5/10\r\n\r\n345", then::close},
    {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-5/10\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\n345\r\n0\r\n\r\n"},
    {"HTTP/1.1 206 Partial Content\r\nContent-Length: 99999999999999999999\r\n\r\n345"},
    {"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n345"},
    {"HTTP/1.1 206 Partial Content\r\nContent-Length: -1\r\n\r\n345"},
    {"HTTP/1.1 2x6 What\r\n\r\n"}, {"SSH-2.0-OpenSSH_9.2\r\n"}, {std::string(300, '\0')}, {"", then::close},
    {"HTTP/1.1 206 Partial Content\r\nX: " + std::string(100000, 'x') + "\r\n\r\n"},
    {"HTTP/1.1 100 Continue\r\n\r\n"}};
  for (const auto& one : bad) {
    for (const bool secure : {false, true}) {
      const auto got = read_from(one, secure);
      if (got.what.code != status::unknown || !got.value.empty())
        CAF_ERROR("outcome " << static_cast<int>(got.what.code) << " of " << one.bytes.substr(0, 200));
    }
  }
}

CAF_TEST(a range behind the chunk is refused) {
  CAF_CHECK(read_from({part("3-4/5", "34")}).what.code == status::refused);
  const auto behind = answer("416 Requested Range Not Satisfiable", "Content-Range: bytes */2\r\n", "invalid range\n");
  CAF_CHECK(read_from({behind}).what.code == status::refused);
  const auto odd = answer("416 Requested Range Not Satisfiable", "Content-Range: bytes */10\r\n", "");
  CAF_CHECK(read_from({odd}).what.code == status::unknown);
}

CAF_TEST(absent needs every copy and a lookup afterwards) {
  fake_server empty([](const std::string&) { return fake_reply{gone}; });
  fake_server other([](const std::string&) { return fake_reply{gone}; });
  fake_server full([](const std::string&) { return fake_reply{part("3-5/10", "345")}; });
  fake_server broken([](const std::string&) { return fake_reply{"", then::close}; });
  const auto read = [&](unsigned copies, std::vector<std::vector<std::string>> lists) {
    fake_directory where({empty.address()});
    where.say_next(std::move(lists));
    auto options = quick();
    options.copies = copies;
    chunk_store store(where, options);
    return get_from(store, chunk, 3, 3).what.code;
  };
  CAF_CHECK(read(1, {}) == status::absent);
  CAF_CHECK(read(2, {}) == status::unknown);
  CAF_CHECK(read(2, {{empty.address(), other.address()}}) == status::absent);
  CAF_CHECK(read(1, {{empty.address()}, {}}) == status::unknown);
  CAF_CHECK(read(1, {{}}) == status::unknown);
  CAF_CHECK(read(1, {{empty.address()}, {full.address()}}) == status::ok);  // it moved
  CAF_CHECK(read(1, {{empty.address(), broken.address()}}) == status::unknown);
  CAF_CHECK(read(2, {{empty.address(), broken.address()}}) == status::unknown);
  CAF_CHECK(read(1, {{broken.address(), full.address()}}) == status::ok);
}

CAF_TEST(a server that stalls costs its share of the time and then the next one is asked) {
  fake_server silent([](const std::string&) { return fake_reply{"", then::stall}; });
  fake_server full([](const std::string&) { return fake_reply{part("3-5/10", "345")}; });
  fake_directory where({silent.address(), full.address()});
  chunk_store store(where, quick());
  const auto fallbacks = counted.replica_fallbacks.value();
  for (const auto* id : {"7,01aabbccdd", "7,02aabbccdd"}) CAF_CHECK(get_from(store, id, 3, 3, in(1500ms)).is_ok());
  CAF_CHECK(silent.requests() == 1U);
  CAF_CHECK_EQUAL(counted.replica_fallbacks.value(), fallbacks + 1);
}

CAF_TEST(a server that stalled is asked last for a while) {
  fake_server silent([](const std::string&) { return fake_reply{"", then::stall}; });
  fake_server full([](const std::string&) { return fake_reply{part("3-5/10", "345")}; });
  fake_directory where({silent.address(), full.address()});
  auto options = quick();
  options.other_server_after = 50ms;  // of a minute
  chunk_store store(where, options);
  const auto both = {"7,01aabbccdd", "7,02aabbccdd"};
  for (const auto* id : both)
    for (int i = 0; i < 3; ++i) CAF_CHECK(get_from(store, id, 3, 3, in(60s)).is_ok());
  CAF_CHECK(silent.requests() == 1U);
  options.avoided_for = 0ms;
  chunk_store forgets(where, options);
  for (const auto* id : both)
    for (int i = 0; i < 3; ++i) CAF_CHECK(get_from(forgets, id, 3, 3, in(60s)).is_ok());
  CAF_CHECK(silent.requests() == 1U + 3U);
}

CAF_TEST(a chunk is shorter than was written only when every copy is) {
  fake_server shorter([](const std::string&) { return fake_reply{part("3-4/5", "34")}; });
  fake_server too([](const std::string&) { return fake_reply{part("3-4/5", "34")}; });
  fake_server full([](const std::string&) { return fake_reply{part("3-5/10", "345")}; });
  const auto read = [&](const std::string& other, const char* id) {
    fake_directory where({shorter.address(), other});
    chunk_store store(where, quick());
    return get_from(store, id, 3, 3, in(60s)).what.code;
  };
  for (const auto* id : {"7,01aabbccdd", "7,02aabbccdd"}) {
    CAF_CHECK(read(full.address(), id) == status::ok);
    CAF_CHECK(read(too.address(), id) == status::refused);
  }
}

CAF_TEST(a deadline completes once whatever stalls) {
  for (const bool directory_too : {false, true}) {
    fake_server silent([](const std::string&) { return fake_reply{"HTTP/1.1 20", then::stall}; });
    fake_directory where({silent.address()});
    where.silent = directory_too;
    std::atomic<int> answers{0};
    {
      chunk_store store(where, quick());
      std::promise<void> read;
      std::promise<void> written;
      std::promise<void> discarded;
      store.get(chunk, 0, 3, in(200ms), [&](const result<shared_bytes>& got) {
        if (got.what.code == status::unknown) ++answers;
        read.set_value();
      });
      store.put({shared_bytes::copy_of(as_byte_view("abc"))}, in(200ms), [&](const result<chunk_id>& got) {
        if (got.what.code == (directory_too ? status::refused : status::unknown)) ++answers;
        written.set_value();
      });
      store.discard(chunk, in(200ms), [&](const outcome& got) {
        if (got.code == status::unknown) ++answers;
        discarded.set_value();
      });
      for (auto* one : {&read, &written, &discarded})
        CAF_CHECK(one->get_future().wait_for(10s) == std::future_status::ready);
      CAF_CHECK_EQUAL(store.measure().put_bytes + store.measure().get_bytes, 0U);
    }
    CAF_CHECK_EQUAL(answers.load(), 3);
  }
}

CAF_TEST(what is open when the store goes is answered once) {
  fake_server silent([](const std::string&) { return fake_reply{"", then::stall}; });
  fake_directory where({silent.address()});
  std::atomic<int> answers{0};
  {
    auto options = quick();
    options.connections_per_server = 2;
    chunk_store store(where, options);
    for (int i = 0; i < 20; ++i) {
      store.put({shared_bytes::copy_of(as_byte_view("abc"))}, soon(), [&](const result<chunk_id>& got) {
        answers += got.is_ok() ? 100 : 1;
      });
      store.get(chunk, 0, 3, soon(), [&](const result<shared_bytes>& got) { answers += got.is_ok() ? 100 : 1; });
    }
  }
  CAF_CHECK_EQUAL(answers.load(), 40);
}

CAF_TEST(an upload that was stored otherwise is not ok and its id is never used again) {
  const std::vector<std::string> wrong{
    answer("201 Created", "Etag: \"00000000\"\r\n", R"({"size":3})"),
    answer("201 Created", "", R"({"size":3})"),
    answer("201 Created", "Etag: \"364b3fb7\"\r\n", R"({"size":4})"),
    answer("201 Created", "Etag: \"364b3fb7\"\r\n", R"({"name":"x"})"),
    answer("200 OK", "Etag: \"364b3fb7\"\r\n", R"({"size":3})"),
    answer("204 No Content", "Etag: \"364b3fb7\"\r\n", ""),
    answer("500 Internal Server Error", "", R"({"error":"mismatching cookie 59fbeef"})")};
  for (const auto& reply : wrong) {
    std::mutex mutex;
    std::set<std::string> used;
    fake_server server([&](const std::string& request) {
      if (!request.starts_with("POST")) return fake_reply{answer("202 Accepted", "", "{}")};
      const std::lock_guard lock(mutex);
      if (!used.insert(request.substr(0, request.find(" HTTP"))).second) CAF_ERROR("used twice: " << request);
      return fake_reply{used.size() < 3 ? reply : stored(request)};
    });
    fake_directory where({server.address()});
    chunk_store store(where, quick());
    const auto repeated = counted.uploads_repeated.value();
    CAF_CHECK(put_to(store, "abc").is_ok());
    CAF_CHECK_EQUAL(used.size(), 3U);
    CAF_CHECK_EQUAL(counted.uploads_repeated.value(), repeated + 2);
  }
}

CAF_TEST(an upload that fails for good is unknown or refused) {
  const auto put_code = [](const fake_reply& reply) {
    fake_server server([reply](const std::string&) { return reply; });
    fake_directory where({server.address()});
    chunk_store store(where, quick());
    return put_to(store, "abc").what.code;
  };
  CAF_CHECK(put_code({"", then::close}) == status::unknown);
  CAF_CHECK(put_code({answer("500 Internal Server Error", "", "{}")}) == status::unknown);
  CAF_CHECK(put_code({answer("401 Unauthorized", "", R"({"error":"wrong jwt"})")}) == status::refused);
  fake_directory nowhere({});
  auto options = quick();
  options.id_patience = 200ms;
  chunk_store store(nowhere, options);
  const auto got = put_to(store, "abc");
  CAF_CHECK(got.what.code == status::refused);
  CAF_CHECK(got.what.reason.find("no writable volumes") != std::string::npos);
  CAF_CHECK(put_to(store, "").what.code == status::refused);
  CAF_CHECK(get_from(store, "no id", 0, 1).what.code == status::refused);
  CAF_CHECK(get_from(store, chunk, ~std::uint64_t{0}, 2).what.code == status::refused);
}

CAF_TEST(an early no is heard although the upload is not read) {
  for (const bool secure : {false, true}) {
    // 8 MiB do not fit into the buffers of a socket that nobody reads.
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    CAF_REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&name), size) == 0 && ::listen(listener, 1) == 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size);
    fake_directory where({"127.0.0.1:" + std::to_string(ntohs(name.sin_port))});
    auto over = way_of(secure);
    over.options.put_attempts = 1;
    chunk_store store(where, over.options);
    std::promise<void> answered;
    std::thread refuses([&] {
      fake_channel channel(::accept(listener, nullptr, nullptr), over.server ? &*over.server : nullptr);
      channel.read();
      channel.write(answer("413 Payload Too Large", "", "{}"));
      answered.get_future().wait_for(20s);
    });
    const auto got = put_to(store, std::string(8U << 20U, 'x'));
    answered.set_value();
    refuses.join();
    ::close(listener);
    CAF_CHECK(got.what.code == status::refused);
    CAF_CHECK(got.what.reason.find("413") != std::string::npos);
  }
}
