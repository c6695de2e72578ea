#define CAF_SUITE bench_connection
#include "actors/cli/admin/values.hpp"
#include "actors/cli/bench/wire_connection.hpp"

#include "caf/test/unit_test.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

using namespace tidegate;
using namespace tidegate::cli;
using namespace tidegate::cli::bench;

namespace {

constexpr std::chrono::seconds patience{10};

/// Somebody to connect to.
struct listener {
  socket_owner socket;
  broker_address address{"127.0.0.1", 0};

  listener() {
    socket.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(any);
    auto* where = reinterpret_cast<sockaddr*>(&any);
    CAF_REQUIRE_EQUAL(bind(socket.descriptor, where, size), 0);
    CAF_REQUIRE_EQUAL(listen(socket.descriptor, 1), 0);
    CAF_REQUIRE_EQUAL(getsockname(socket.descriptor, where, &size), 0);
    address.port = ntohs(any.sin_port);
  }
};

/// Both ends.
struct fixture {
  listener at;
  wire_connection client{at.address, patience};
  socket_owner broker;

  fixture() { broker.descriptor = accept(at.socket.descriptor, nullptr, nullptr); }

  void say(byte_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(broker.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // and the client will miss it
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }

  /// The next frame.
  std::string heard() {
    for (;;) {
      if (const auto frame = client.receive()) return std::string(as_text(*frame));
      CAF_REQUIRE(client.wait(clock::now() + patience));
    }
  }

  std::string failure() {
    try {
      heard();
    } catch (const kafka_failure& why) {
      return why.what();
    }
    return "";
  }
};

byte_buffer framed(std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  byte_buffer frame;
  for (const auto shift : {24U, 16U, 8U, 0U}) frame.push_back(static_cast<std::byte>(size >> shift));
  const auto bytes = as_byte_view(text);
  frame.insert(frame.end(), bytes.begin(), bytes.end());
  return frame;
}

std::string text_of(std::size_t size, char first) {
  std::string text(size, first);
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(text[i] + static_cast<char>(i % 23));
  return text;
}

}  // namespace

CAF_TEST_FIXTURE_SCOPE(bench_connection_tests, fixture)

CAF_TEST(frames that come together are handed out one by one) {
  byte_buffer all;
  for (const auto* text : {"one", "", "three"}) {
    const auto frame = framed(text);
    all.insert(all.end(), frame.begin(), frame.end());
  }
  say(all);
  CAF_CHECK_EQUAL(heard(), "one");
  CAF_CHECK_EQUAL(heard(), "");
  CAF_CHECK_EQUAL(heard(), "three");
  CAF_CHECK(!client.receive());
}

CAF_TEST(a frame that comes in pieces is handed out when it is whole) {
  const auto frame = framed("in pieces");
  for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
    say(byte_view(frame).subspan(i, 1));
    CAF_REQUIRE(client.wait(clock::now() + patience));
    CAF_CHECK(!client.receive());
  }
  say(byte_view(frame).last(1));
  CAF_CHECK_EQUAL(heard(), "in pieces");
}

CAF_TEST(frames of all sizes come as they were sent) {
  std::vector<std::string> texts;
  for (const std::size_t size : {3'000'000, 10, 65'532, 65'533, 1, 200'000, 40'000, 40'000, 40'000, 0, 5'000'000, 7})
    texts.push_back(text_of(size, static_cast<char>('A' + texts.size())));
  const std::jthread broker_side([&] {
    for (const auto& text : texts) say(framed(text));
  });
  for (const auto& text : texts) CAF_CHECK(heard() == text);
}

CAF_TEST(what does not go at once is sent later) {
  const auto large = framed(text_of(20'000'000, 'a'));
  client.send(large);
  CAF_REQUIRE(client.is_sending());
  std::size_t got = 0;
  byte_buffer taken(1'000'000);
  byte_buffer all;
  while (got < large.size()) {
    const auto count = recv(broker.descriptor, taken.data(), taken.size(), 0);
    CAF_REQUIRE(count > 0);
    all.insert(all.end(), taken.begin(), taken.begin() + count);
    got += static_cast<std::size_t>(count);
    if (client.is_sending()) client.send_more();
  }
  CAF_CHECK(!client.is_sending());
  CAF_CHECK(all == large);
}

CAF_TEST(a length that no answer has is refused before anything is allocated) {
  byte_buffer frame = framed("");
  frame[0] = std::byte{0xff};
  say(frame);
  CAF_CHECK_EQUAL(failure(), "NETWORK_EXCEPTION: " + words_of(at.address) +
                               ": answered with 4278190080 bytes, which is no Kafka answer");
}

CAF_TEST(a broker that hangs up is named) {
  say(byte_view(framed("cut")).first(5));
  shutdown(broker.descriptor, SHUT_RDWR);
  CAF_CHECK_EQUAL(failure(), "NETWORK_EXCEPTION: " + words_of(at.address) + ": closed the connection");
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(nobody listens) {
  broker_address nowhere;
  {
    const listener gone;
    nowhere = gone.address;
  }
  std::string why;
  try {
    const wire_connection none(nowhere, patience);
  } catch (const kafka_failure& failure) {
    why = failure.what();
  }
  CAF_CHECK_EQUAL(why, "NETWORK_EXCEPTION: " + words_of(nowhere) + ": Connection refused");
}

CAF_TEST(addresses are written as clients write them) {
  CAF_CHECK_EQUAL(words_of({"localhost", 9092}), "localhost:9092");
  CAF_CHECK_EQUAL(words_of({"::1", 9092}), "[::1]:9092");
}
