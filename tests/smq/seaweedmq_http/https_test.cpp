#define CAF_SUITE https
// Chunks over HTTPS: who is spoken to, what is said when that does not come about, and certificates that are renewed.
#include "tests/smq/seaweedmq_http/fake_server.hpp"

#include <filesystem>
#include <fstream>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;
using namespace tidegate::smq::testing;
using namespace std::chrono_literals;
using then = fake_reply::then;

namespace {

const std::string chunk = "7,01aabbccdd";
const std::string ours = "IP:127.0.0.1";

fake_reply volume_server(const std::string& request) {
  if (request.starts_with("POST")) return {stored(request)};
  if (request.starts_with("DELETE")) return {answer("202 Accepted", "", "{}")};
  if (request.find("Range: bytes=0-0\r\n") != std::string::npos) return {answer("404 Not Found", "", "")};  // a check
  return {part("3-5/10", "345")};
}

chunk_store_options over(const tls_files& files) {
  chunk_store_options options;
  options.https = files;
  options.put_attempts = 1;
  return options;
}

outcome access_to(chunk_store& store, time_point deadline = soon()) {
  return wait_for<outcome>([&](auto done) { store.check_access(deadline, done); });
}

bool says(const outcome& what, const std::string& words) {
  if (what.reason.find(words) != std::string::npos) return true;
  CAF_MESSAGE(what.reason << " does not say " << words);
  return false;
}

/// Nothing is stored, read or sent where TLS does not come about, and the start is refused with `words`.
void check_refused(std::optional<server_tls> server, const tls_files& client, const std::string& words) {
  fake_server at(volume_server, std::move(server));
  fake_directory where({at.address()});
  chunk_store store(where, over(client));
  const auto access = access_to(store);
  CAF_CHECK(access.code == status::refused);
  CAF_CHECK(says(access, "the volume server " + at.address()));
  CAF_CHECK(says(access, words));
  const auto got = get_from(store, chunk, 3, 3);
  CAF_CHECK(got.what.code == status::unknown);
  CAF_CHECK(says(got.what, words));
  CAF_CHECK(!put_to(store, "abc").is_ok());
  CAF_CHECK_EQUAL(at.requests(), 0U);
}

void copy(const tls_files& from, const tls_files& to) {
  const auto replace = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(from.cert, to.cert, replace);
  std::filesystem::copy_file(from.key, to.key, replace);
}

}  // namespace

CAF_TEST(chunks are put and read and removed over one connection) {
  test_authority authority;
  fake_server at(volume_server, server_tls{authority.issue(), true});
  fake_directory where({at.address()});
  chunk_store store(where, over(authority.issue("")));
  CAF_CHECK(access_to(store).is_ok());
  for (const std::size_t size : {1U, 16384U, 16385U, 5U << 20U}) CAF_CHECK(put_to(store, std::string(size, 'x')).is_ok());
  CAF_CHECK_EQUAL(text_from(store, chunk, 3, 3), "345");
  CAF_CHECK(wait_for<outcome>([&](auto done) { store.discard(chunk, soon(), done); }).is_ok());
  CAF_CHECK_EQUAL(at.requests(), 7U);
  CAF_CHECK_EQUAL(at.connections(), 1U);
}

CAF_TEST(a certificate of our own is not needed where nobody asks for it) {
  test_authority authority;
  fake_server at(volume_server, server_tls{authority.issue()});
  fake_directory where({at.address()});
  chunk_store store(where, over({authority.ca(), {}, {}}));
  CAF_CHECK(put_to(store, "abc").is_ok());
}

CAF_TEST(a host name is looked for in the certificate) {
  test_authority authority;
  const auto read = [&](const std::string& names) {
    fake_server at(volume_server, server_tls{authority.issue(names)});
    fake_directory where({"localhost" + at.address().substr(at.address().find(':'))});
    chunk_store store(where, over({authority.ca(), {}, {}}));
    return get_from(store, chunk, 3, 3).is_ok();
  };
  CAF_CHECK(read("DNS:localhost"));
  CAF_CHECK(!read("DNS:elsewhere"));
  CAF_CHECK(!read("IP:127.0.0.1"));
}

CAF_TEST(a server that is not the one is told nothing) {
  test_authority authority;
  test_authority other;
  const auto client = authority.issue();
  check_refused(server_tls{other.issue()}, client, "its certificate is not of a CA in " + authority.ca());
  check_refused(server_tls{authority.issue(ours, -1)}, client, "certificate has expired");
  check_refused(server_tls{authority.issue("IP:127.0.0.2,DNS:127.0.0.1")}, client, "its certificate does not name it");
  check_refused(server_tls{authority.issue("")}, client, "its certificate does not name it");  // CN=127.0.0.1 is no name
  check_refused(server_tls{authority.issue(), false, true}, client, "TLS: ");
}

CAF_TEST(a server that does not take our certificate says so) {
  test_authority authority;
  test_authority other;
  const server_tls strict{authority.issue(), true};
  check_refused(strict, {authority.ca(), {}, {}}, "it may want a certificate, and smq.https_cert is not set");
  auto wrong = other.issue();
  wrong.ca = authority.ca();
  check_refused(strict, wrong, "it may not accept " + wrong.cert);
  wrong = authority.issue(ours, -1);
  check_refused(strict, wrong, "it may not accept " + wrong.cert);
}

CAF_TEST(plain HTTP is never spoken where HTTPS is meant) {
  test_authority authority;
  // What Go's servers answer to a handshake.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  CAF_REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&name), size) == 0 && ::listen(listener, 9) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size);
  std::string heard;
  std::thread plain([&] {
    fake_channel channel(::accept(listener, nullptr, nullptr), nullptr);
    heard = channel.read();
    channel.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request");
  });
  fake_directory where({"127.0.0.1:" + std::to_string(ntohs(name.sin_port))});
  chunk_store store(where, over(authority.issue()));
  const auto access = access_to(store);
  plain.join();
  ::close(listener);
  CAF_CHECK(access.code == status::refused);
  CAF_CHECK(says(access, "it speaks no HTTPS, as smq.https says"));
  CAF_CHECK(heard.starts_with("\x16\x03"));
}

CAF_TEST(a handshake that stalls or breaks off ends by the deadline with one answer) {
  test_authority authority;
  for (const bool stalls : {true, false}) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    CAF_REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&name), size) == 0 && ::listen(listener, 9) == 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size);
    std::atomic<bool> over_now{false};
    std::thread server([&] {
      std::vector<std::unique_ptr<fake_channel>> open;
      pollfd wanted{listener, POLLIN, 0};
      while (!over_now) {
        if (::poll(&wanted, 1, 20) != 1) continue;
        auto one = std::make_unique<fake_channel>(::accept(listener, nullptr, nullptr), nullptr);
        if (stalls) open.push_back(std::move(one));
      }
    });
    {
      fake_directory where({"127.0.0.1:" + std::to_string(ntohs(name.sin_port))});
      chunk_store store(where, over(authority.issue()));
      const auto got = get_from(store, chunk, 3, 3, in(500ms));
      CAF_CHECK(got.what.code == status::unknown);
      CAF_CHECK(put_to(store, "abc", in(500ms)).what.code == status::refused);  // nothing was sent
      CAF_CHECK(access_to(store, in(500ms)).is_ok());                            // nobody can tell now
    }
    over_now = true;
    server.join();
    ::close(listener);
  }
}

CAF_TEST(files that are no good are named and used as soon as they are) {
  test_authority authority;
  auto files = authority.issue();
  const auto good = files;
  files.key += ".late";
  fake_server at(volume_server, server_tls{authority.issue(), true});
  fake_directory where({at.address()});
  auto options = over(files);
  options.between_looks = 0ms;
  chunk_store store(where, options);
  CAF_CHECK(says(get_from(store, chunk, 3, 3).what, "cannot read " + files.key));
  CAF_CHECK_EQUAL(at.requests(), 0U);
  std::filesystem::copy_file(good.key, files.key);
  CAF_CHECK(get_from(store, chunk, 3, 3).is_ok());
}

CAF_TEST(a renewed certificate is shown by the next connection and half a renewal is not) {
  test_authority old_ca;
  test_authority new_ca;
  const auto files = old_ca.issue();
  const auto renewed = new_ca.issue();
  const auto server = old_ca.issue();
  auto strict = server;
  strict.ca = new_ca.ca();
  std::atomic<bool> closes{true};
  fake_server before([&](const std::string& r) {
    return fake_reply{volume_server(r).bytes, closes ? then::close : then::keep};
  }, server_tls{server, true});
  fake_server after(volume_server, server_tls{strict, true});
  fake_directory where({before.address()});
  auto options = over(files);
  options.between_looks = 0ms;
  options.location_lifetime = 0ms;
  chunk_store store(where, options);
  CAF_CHECK(get_from(store, chunk, 3, 3).is_ok());
  where.say_next({{after.address()}, {after.address()}, {after.address()}});
  CAF_CHECK(!get_from(store, chunk, 3, 3).is_ok());
  std::filesystem::copy_file(renewed.cert, files.cert, std::filesystem::copy_options::overwrite_existing);
  CAF_CHECK(get_from(store, chunk, 3, 3).is_ok());  // with the old pair: the new one has no key yet
  copy(renewed, files);
  where.say_next({{after.address()}});
  CAF_CHECK(get_from(store, chunk, 3, 3).is_ok());
}

CAF_TEST(an idle connection that the server has closed costs a new one and nothing else) {
  test_authority authority;
  fake_server at([](const std::string& request) { return fake_reply{volume_server(request).bytes, then::close}; },
                 server_tls{authority.issue(), true});
  fake_directory where({at.address()});
  chunk_store store(where, over(authority.issue()));
  for (int i = 0; i < 20; ++i) CAF_CHECK(get_from(store, chunk, 3, 3).is_ok());
}

CAF_TEST(bytes that nobody asked for are never the next answer) {
  test_authority authority;
  fake_server at([](const std::string&) { return fake_reply{part("3-5/10", "345") + part("3-5/10", "bad")}; },
                 server_tls{authority.issue(), true});
  fake_directory where({at.address()});
  chunk_store store(where, over(authority.issue()));
  for (int i = 0; i < 20; ++i) CAF_CHECK_EQUAL(text_from(store, chunk, 3, 3), "345");
  CAF_CHECK_EQUAL(at.connections(), 20U);
}

CAF_TEST(nor are they when they come in a TLS record of their own) {
  test_authority authority;
  constexpr std::size_t record = 16384;
  const auto whole = [](std::size_t size, char with) {
    return part("0-" + std::to_string(size - 1) + '/' + std::to_string(size), std::string(size, with));
  };
  const auto size = record - (whole(15000, 'x').size() - 15000);
  fake_server at([&](const std::string&) { return fake_reply{whole(size, 'x') + whole(size, 'y')}; },
                 server_tls{authority.issue(), true});
  fake_directory where({at.address()});
  chunk_store store(where, over(authority.issue()));
  for (int i = 0; i < 20; ++i) CAF_CHECK(text_from(store, chunk, 0, size) == std::string(size, 'x'));
  CAF_CHECK_EQUAL(at.connections(), 20U);
}
