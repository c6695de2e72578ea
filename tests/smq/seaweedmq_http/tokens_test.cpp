#define CAF_SUITE tokens
// What goes with a request in a cluster with [jwt.signing] and [jwt.signing.read], and what a refusal is called.
#include "smq/seaweedmq/http/read_token.hpp"
#include "tests/smq/seaweedmq_http/fake_server.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;
using namespace tidegate::smq::testing;
using namespace std::chrono_literals;

namespace {

const std::string no_content = "Content-Length: 0\r\n\r\n";
const std::string gone = "HTTP/1.1 404 Not Found\r\n" + no_content;

/// A server that gives everybody the same answer and remembers what it was asked.
struct listening {
  explicit listening(std::string reply)
    : server([this, reply = std::move(reply)](const std::string& request) {
        const std::lock_guard lock(mutex);
        seen.push_back(request);
        return fake_reply{reply};
      }) {}

  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex);
    return seen;
  }

  std::mutex mutex;
  std::vector<std::string> seen;
  fake_server server;
};

std::string field_of(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

outcome check(const std::string& reply, const std::string& key) {
  listening at(reply);
  fake_directory where({at.server.address()});
  chunk_store_options options;
  options.read_key = key;
  chunk_store store(where, options);
  return wait_for<outcome>([&](auto done) { store.check_access(soon(), done); });
}

}  // namespace

CAF_TEST(a read token is the one that SeaweedFS makes) {
  // Signed by Python's hmac.
  CAF_CHECK_EQUAL(read_token("secret key", {3, 0x01, 0x637037d6}, 1700000000),
                  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJmaWQiOiIzLDAxNjM3MDM3ZDYiLCJleHAiOjE3MDAwMDAwMDB9."
                  "UxzAZvEz7GLvK1st3CCtjRleXuKrjDMNB0-haNmMrc8");
}

CAF_TEST(reads carry a token of the key when there is one) {
  for (const std::string key : {"", "secret key"}) {
    listening at(gone);
    fake_directory where({at.server.address()});
    chunk_store_options options;
    options.read_key = key;
    chunk_store store(where, options);
    CAF_CHECK(get_from(store, "3,01637037d6", 0, 3).what.code == status::absent);
    const auto token = field_of(at.requests().at(0), "Authorization");
    CAF_CHECK_EQUAL(token.empty(), key.empty());
    if (!key.empty()) CAF_CHECK(token.starts_with("Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJmaWQiOiIzLDAx"));
  }
}

CAF_TEST(a refused read token is unknown and named) {
  listening at("HTTP/1.1 401 Unauthorized\r\n" + no_content);
  fake_directory where({at.server.address()});
  chunk_store store(where, {});
  const auto got = get_from(store, "3,01637037d6", 0, 3);
  CAF_CHECK(got.what.code == status::unknown);
  CAF_CHECK(got.what.reason.find("smq.jwt_read_key") != std::string::npos);
  CAF_CHECK(got.what.reason.find("the clock of this machine is behind") != std::string::npos);
}

CAF_TEST(what is left of a failed upload is removed with the token of the upload) {
  listening at("HTTP/1.1 500 Internal Server Error\r\n" + no_content);
  fake_directory where({at.server.address()});
  where.token = "abc.def";
  chunk_store_options options;
  options.put_attempts = 2;
  {
    chunk_store store(where, options);
    CAF_CHECK(put_to(store, "abc").what.code == status::unknown);
    CAF_CHECK(wait_for<outcome>([&](auto done) { store.discard("9,01637037d6", soon(), done); }).code == status::unknown);
  }
  std::size_t removed = 0;
  for (const auto& one : at.requests()) {
    if (!one.starts_with("DELETE /7,")) continue;
    ++removed;
    CAF_CHECK(one.find("0badcafe?type=replicate HTTP/1.1\r\n") != std::string::npos);
    CAF_CHECK_EQUAL(field_of(one, "Authorization"), "Bearer abc.def");
  }
  CAF_CHECK(removed >= 1U);
}

CAF_TEST(whether we may read is told before anything is stored) {
  CAF_CHECK(check(gone, "").is_ok());
  CAF_CHECK(check("HTTP/1.1 500 Internal Server Error\r\n" + no_content, "").is_ok());
  CAF_CHECK(check("nonsense", "").is_ok());
  const auto key = check("HTTP/1.1 401 Unauthorized\r\n" + no_content, "wrong");
  CAF_CHECK(key.code == status::refused);
  CAF_CHECK(key.reason.find("smq.jwt_read_key") != std::string::npos && key.reason.find("wrong") == std::string::npos);
  CAF_CHECK(key.reason.find("the clock of this machine is behind") != std::string::npos);
  const auto https = check("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "");
  CAF_CHECK(https.code == status::refused && https.reason.find("it may want smq.https") != std::string::npos);
  fake_directory nowhere({});
  chunk_store_options options;
  options.id_patience = 50ms;
  chunk_store store(nowhere, options);
  CAF_CHECK(wait_for<outcome>([&](auto done) { store.check_access(soon(), done); }).is_ok());
}
