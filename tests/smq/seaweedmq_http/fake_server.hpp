#pragma once

#include "smq/seaweedmq/http/chunk_store.hpp"
#include "smq/seaweedmq/http/file_id.hpp"
#include "messages/common/crc32c.hpp"
#include "tests/smq/seaweedmq_http/certificates.hpp"
#include "tests/smq/test_engine.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

/// Servers that misbehave, and a directory that says what the test wants.
namespace tidegate::smq::testing {

/// What a fake server does with one request.
struct fake_reply {
  std::string bytes;
  enum class then : std::uint8_t { keep, close, stall } after = then::keep;
};

inline std::string answer(const std::string& status, const std::string& fields, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string part(const std::string& range, const std::string& body) {
  return answer("206 Partial Content", "Content-Range: bytes " + range + "\r\n", body);
}

/// What a volume server says to an upload that it has stored.
inline std::string stored(const std::string& request) {
  const auto body = request.substr(request.find("\r\n\r\n") + 4);
  std::array<char, 9> crc{};
  std::snprintf(crc.data(), crc.size(), "%08x", crc32c(as_byte_view(body)));
  return answer("201 Created", "Etag: \"" + std::string(crc.data()) + "\"\r\n",
                R"({"name":"x","size":)" + std::to_string(body.size()) + "}");
}

/// Listens on 127.0.0.1; one thread per connection. `script` gets the whole request. Thread: its own.
class fake_server {
 public:
  using script = std::function<fake_reply(const std::string& request)>;

  /// `tls`: set for HTTPS.
  explicit fake_server(script what, std::optional<server_tls> tls = {})
    : script_(std::move(what)), tls_(std::move(tls)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&name), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size) != 0)
      CAF_FAIL("cannot listen");
    address_ = "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~fake_server() {
    stop_ = true;
    acceptor_.join();
    for (auto& one : threads_) one.join();
    ::close(listener_);
  }
  fake_server(const fake_server&) = delete;
  fake_server& operator=(const fake_server&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::size_t connections() const { return connections_; }
  [[nodiscard]] std::size_t requests() const { return requests_; }
  [[nodiscard]] std::size_t most_at_once() const { return most_at_once_; }

 private:
  bool readable(int socket) const {
    pollfd wanted{socket, POLLIN, 0};
    while (!stop_)
      if (::poll(&wanted, 1, 20) == 1) return true;
    return false;
  }

  void accept_all() {
    while (readable(listener_)) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      ++connections_;
      threads_.emplace_back([this, socket] {
        const auto now = ++open_;
        for (auto most = most_at_once_.load(); now > most && !most_at_once_.compare_exchange_weak(most, now);) {
        }
        serve(socket);
        --open_;
      });
    }
  }

  void serve(int socket) {
    fake_channel channel(socket, tls_ ? &*tls_ : nullptr);
    std::string input;
    while (channel.is_open() && readable(socket)) {
      const auto got = channel.read();
      if (got.empty()) return;
      input += got;
      const auto end = input.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      std::size_t length = 0;
      if (const auto at = input.find("Content-Length: "); at < end) length = std::stoul(input.substr(at + 16));
      if (input.size() < end + 4 + length) continue;
      ++requests_;
      const auto reply = script_(std::exchange(input, {}));
      channel.write(reply.bytes);
      if (reply.after == fake_reply::then::close) return;
      if (reply.after == fake_reply::then::stall)
        while (readable(socket) && !channel.read().empty()) {
        }
    }
  }

  script script_;
  std::optional<server_tls> tls_;
  int listener_;
  std::string address_;
  std::thread acceptor_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> requests_{0};
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> most_at_once_{0};
};

/// Gives out ids of volume 7 with ascending keys, all on `upload_to`, and says that `servers` have every volume.
class fake_directory final : public seaweedmq::volume_directory {
 public:
  explicit fake_directory(std::vector<std::string> servers) : servers_(std::move(servers)) {}

  void assign(std::uint32_t count, std::uint64_t each, time_point,
              completion<result<seaweedmq::id_batch>> done) override {
    const auto number = ++assigns;
    bytes_each = each;
    if (silent) {
      const std::lock_guard lock(mutex_);
      return never_answered_.push_back(std::move(done));
    }
    if (servers_.empty()) return done({{status::refused, "no writable volumes", 0}, {}});
    const seaweedmq::file_id first{7, 1 + (number - 1) * 1000, 0x0badcafe};
    done({{}, {to_string(first), std::min(count, most_ids.load()), servers_.front(), token}});
  }

  void locate(std::uint32_t, time_point, completion<result<std::vector<std::string>>> done) override {
    ++lookups;
    if (silent) return;
    if (fails) return done({{status::unknown, "the filer is away", 0}, {}});
    const std::lock_guard lock(mutex_);
    if (next_.empty()) return done({{}, servers_});
    auto now = std::move(next_.front());
    next_.erase(next_.begin());
    done({{}, std::move(now)});
  }

  /// What the next lookups say, before `servers` again.
  void say_next(std::vector<std::vector<std::string>> lists) {
    const std::lock_guard lock(mutex_);
    next_ = std::move(lists);
  }

  std::string token;
  std::atomic<std::uint32_t> most_ids{100};
  std::atomic<bool> silent{false};
  std::atomic<bool> fails{false};
  std::atomic<std::size_t> assigns{0};
  std::atomic<std::uint64_t> bytes_each{0};  // of the last call
  std::atomic<std::size_t> lookups{0};

 private:
  std::vector<std::string> servers_;
  std::mutex mutex_;
  std::vector<std::vector<std::string>> next_;
  std::vector<completion<result<seaweedmq::id_batch>>> never_answered_;
};

inline time_point in(std::chrono::milliseconds delay) { return std::chrono::steady_clock::now() + delay; }

inline result<shared_bytes> get_from(chunk_port& store, const std::string& id, std::uint64_t at, std::uint64_t count,
                                     time_point deadline = soon()) {
  return wait_for<result<shared_bytes>>([&](auto done) { store.get(id, at, count, deadline, std::move(done)); });
}

/// The bytes as text; "" when there are none.
inline std::string text_from(chunk_port& store, const std::string& id, std::uint64_t at, std::uint64_t count) {
  return std::string(as_text(get_from(store, id, at, count).value.view()));
}

inline result<chunk_id> put_to(chunk_port& store, const std::string& bytes, time_point deadline = soon()) {
  return wait_for<result<chunk_id>>(
    [&](auto done) { store.put({shared_bytes::copy_of(as_byte_view(bytes))}, deadline, std::move(done)); });
}

}  // namespace tidegate::smq::testing
