#include "actors/cli/bench/wire_connection.hpp"

#include "actors/cli/admin/values.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tidegate::cli::bench {

namespace {

constexpr std::size_t length_size = 4;
constexpr std::size_t small_read = std::size_t{64} << 10U;
// Far above what is asked for at most: a Fetch of 100 MiB, with one batch that is larger than that.
constexpr std::size_t largest_frame = std::size_t{1} << 30U;

struct address_list {
  addrinfo* first = nullptr;
  ~address_list() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

std::size_t length_of(const std::byte* frame) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < length_size; ++i) length = (length << 8U) | std::to_integer<std::uint32_t>(frame[i]);
  return length;
}

/// Waits for one of `events`; whether one came.
bool wait_for(int descriptor, short events, clock::time_point until) {
  pollfd one{descriptor, events, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    const auto ready = poll(&one, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

/// The error of a connect; 0 when it stands.
int connect_to(int descriptor, const addrinfo& to, clock::time_point until) {
  if (connect(descriptor, to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(descriptor, POLLOUT, until)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

socket_owner::~socket_owner() {
  if (descriptor >= 0) close(descriptor);
}

std::string words_of(const broker_address& at) {
  const bool is_v6 = at.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + at.host + "]" : at.host) + ":" + std::to_string(at.port);
}

wire_connection::wire_connection(broker_address at, std::chrono::milliseconds timeout) : at_(std::move(at)) {
  const auto until = clock::now() + timeout;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  address_list found;
  if (const auto code = getaddrinfo(at_.host.c_str(), std::to_string(at_.port).c_str(), &hints, &found.first); code != 0)
    fail(gai_strerror(code));
  int error = 0;
  for (const auto* one = found.first; one != nullptr; one = one->ai_next) {
    socket_owner made;
    made.descriptor = ::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = made.descriptor < 0 ? errno : connect_to(made.descriptor, *one, until);
    std::swap(socket_.descriptor, made.descriptor);
    if (error == 0) break;
  }
  if (error != 0) fail(std::strerror(error));
  const int on = 1;
  setsockopt(descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void wire_connection::fail(const std::string& why) const {
  throw kafka_failure("NETWORK_EXCEPTION: " + words_of(at_) + ": " + why);
}

void wire_connection::send(byte_view frame) {
  unsent_ = frame;
  send_more();
}

void wire_connection::send_more() {
  while (!unsent_.empty()) {
    const auto sent = ::send(descriptor(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent >= 0)
      unsent_ = unsent_.subspan(static_cast<std::size_t>(sent));
    else if (errno == EAGAIN)
      return;
    else if (errno != EINTR)
      fail(std::strerror(errno));
  }
}

std::optional<byte_view> wire_connection::receive() {
  for (;;) {
    if (end_ - begin_ >= length_size) {
      const auto length = length_of(&buffer_[begin_]);
      if (length > largest_frame) fail("answered with " + std::to_string(length) + " bytes, which is no Kafka answer");
      if (end_ - begin_ - length_size >= length) {
        const byte_view frame(&buffer_[begin_ + length_size], length);
        begin_ += length_size + length;
        return frame;
      }
    }
    if (std::exchange(is_drained_, false) || !fill()) return std::nullopt;
  }
}

/// Reads once: to the end of a large frame whose beginning is there and no further, else a little, so that what is left
/// over and must be moved is little, too. False when nothing was there.
bool wire_connection::fill() {
  const auto have = end_ - begin_;
  auto size = small_read;
  if (have >= length_size) size = std::max(size, length_size + length_of(&buffer_[begin_]));
  make_room(size);
  for (;;) {
    const auto got = recv(descriptor(), &buffer_[end_], size - have, 0);
    if (got > 0) {
      is_drained_ = static_cast<std::size_t>(got) < size - have;
      end_ += static_cast<std::size_t>(got);
      return true;
    }
    if (got == 0) fail("closed the connection");
    if (errno == EAGAIN) return false;
    if (errno != EINTR) fail(std::strerror(errno));
  }
}

/// Puts what was not handed out at the front of a buffer of at least `size` bytes.
void wire_connection::make_room(std::size_t size) {
  const auto have = end_ - begin_;
  if (capacity_ < size) {
    auto larger = std::make_unique_for_overwrite<std::byte[]>(size);
    if (have > 0) std::memcpy(larger.get(), &buffer_[begin_], have);
    buffer_ = std::move(larger);
    capacity_ = size;
  } else if (begin_ > 0 && have > 0) {
    std::memmove(buffer_.get(), &buffer_[begin_], have);
  }
  begin_ = 0;
  end_ = have;
}

bool wire_connection::wait(clock::time_point until) const {
  const short events = is_sending() ? POLLIN | POLLOUT : POLLIN;
  return wait_for(descriptor(), events, until);
}

}  // namespace tidegate::cli::bench
