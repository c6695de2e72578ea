#pragma once

#include "net/counters.hpp"
#include "net/frame_reader.hpp"
#include "net/server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

/// Internal to net/: a session on any stream type of Asio. TLS is one more Stream with its own stream_traits.
namespace tidegate::net {

namespace asio = boost::asio;
using asio_error = boost::system::error_code;
using steady_time = std::chrono::steady_clock::time_point;

class managed_session;

/// One io thread with the connections that live on it: a session needs no strand because its thread is its strand.
/// Sessions own it together with the server, so a session that an actor still holds never outlives its io_context.
struct io_worker {
  asio::io_context context{1};
  std::unordered_map<std::uint64_t, std::shared_ptr<managed_session>> sessions;  // only on the thread of `context`
  session_limits limits;
  log_function log;
};

class managed_session : public session, public std::enable_shared_from_this<managed_session> {
 public:
  virtual void start(const accept_function& on_accept) = 0;                       // io thread
  virtual void finish(const std::string& reason) = 0;                             // io thread
  [[nodiscard]] virtual const char* expired(steady_time now) const = 0;           // io thread; nullptr: go on
};

template <class Stream>
struct stream_traits;

template <>
struct stream_traits<asio::ip::tcp::socket> {
  static void open(asio::ip::tcp::socket&, auto done) { done(asio_error{}); }  // TLS: async_handshake
  static void close(asio::ip::tcp::socket& socket) {
    asio_error ignored;
    socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
  }
};

/// A view of buffers that Asio may copy for nothing.
struct buffer_window {
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;
  const_iterator first;
  const_iterator last;
  [[nodiscard]] const_iterator begin() const { return first; }
  [[nodiscard]] const_iterator end() const { return last; }
};

/// What a bad frame length most likely is; empty when nothing comes to mind.
std::string guess_of_bad_length(std::int32_t length);

template <class Stream>
class stream_session final : public managed_session {
 public:
  /// `admission` is let go when the connection is closed.
  stream_session(std::shared_ptr<io_worker> worker, Stream stream, std::uint64_t id, std::string peer,
                 std::shared_ptr<void> admission)
    : worker_(std::move(worker)), stream_(std::move(stream)), reader_(worker_->limits.max_frame_bytes), id_(id),
      peer_(std::move(peer)), admission_(std::move(admission)) {}

  void send(std::vector<shared_bytes> parts) override {
    post_outbox([&](outbox& box) {
      if (box.parts.empty()) {
        box.parts = std::move(parts);
      } else {
        box.parts.insert(box.parts.end(), std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end()));
      }
    });
  }

  void release(std::size_t bytes, std::size_t requests) override {
    post_outbox([&](outbox& box) {
      box.released_bytes += bytes;
      box.released_requests += requests;
    });
  }

  void close(std::string reason) override {
    post_outbox([&](outbox& box) {
      if (!box.close_reason) box.close_reason = std::move(reason);
    });
  }

  [[nodiscard]] std::string peer() const override { return peer_; }
  [[nodiscard]] std::uint64_t id() const override { return id_; }

  void start(const accept_function& on_accept) override {
    accepted_at_ = last_activity_ = std::chrono::steady_clock::now();
    worker_->sessions.emplace(id_, shared_from_this());
    handler_ = on_accept(shared_from_this());
    if (!handler_) return finish("refused");
    stream_traits<Stream>::open(stream_, [self = this->self()](asio_error failed) {
      if (failed) return self->finish("handshake: " + failed.message());
      self->or_finish([&] { self->pump(); });
    });
  }

  void finish(const std::string& reason) override {
    if (finished_) return;
    finished_ = true;
    {
      std::lock_guard lock(mutex_);
      outbox_.closed = true;
      outbox_.parts.clear();
    }
    stream_traits<Stream>::close(stream_);
    if (!reason.empty() && worker_->log) {
      worker_->log("connection closed id=" + std::to_string(id_) + " peer=" + peer_ + " reason: " + reason);
    }
    if (!write_active_) drop_unsent();
    give_back(requests_in_flight_, bytes_in_flight_);
    admission_.reset();
    worker_->sessions.erase(id_);
    if (auto handler = std::exchange(handler_, nullptr)) handler->on_closed();
  }

  [[nodiscard]] const char* expired(steady_time now) const override {
    const auto& limits = worker_->limits;
    if (!any_byte_ && now - accepted_at_ > limits.first_byte_timeout)
      return over(counted.closed_without_first_byte, "no first byte in time");
    if ((eof_ || closing_) && now - drain_since_ > limits.drain_timeout)
      return over(counted.closed_undrained, "last answers not taken in time");
    // A parked request (a long poll, a join) keeps a silent connection alive; a client that takes no answer does not.
    const auto is_waiting = requests_in_flight_ > 0 && !write_active_;
    if (!is_waiting && now - last_activity_ > limits.idle_timeout) return over(counted.closed_idle, "idle");
    if (read_active_ && reader_.is_inside_frame()) {
      const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - frame_since_);
      const auto wanted = static_cast<std::size_t>(elapsed.count()) * limits.frame_bytes_per_second / 1000;
      if (elapsed > limits.frame_grace && frame_bytes_ < wanted) {
        return over(counted.closed_slow_frame, "frame comes too slowly");
      }
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t gather_limit = 64;  // Asio passes at most 64 buffers to one writev

  struct outbox {
    std::vector<shared_bytes> parts;
    std::size_t released_bytes = 0;
    std::size_t released_requests = 0;
    std::optional<std::string> close_reason;
    bool is_posted = false;
    bool closed = false;
  };

  /// The connection is to be closed for a limit.
  static const char* over(counter& limit, const char* why) {
    limit.add();
    return why;
  }

  std::shared_ptr<stream_session> self() { return std::static_pointer_cast<stream_session>(shared_from_this()); }

  /// Changes the outbox under its mutex and posts one `take_outbox` for all changes until it runs.
  template <class F>
  void post_outbox(F change) {
    {
      std::lock_guard lock(mutex_);
      if (outbox_.closed) return;
      change(outbox_);
      if (std::exchange(outbox_.is_posted, true)) return;
    }
    asio::post(worker_->context, [self = self()] { self->take_outbox(); });
  }

  void take_outbox() {
    outbox box;
    {
      std::lock_guard lock(mutex_);
      box = std::exchange(outbox_, outbox{});
      outbox_.closed = box.closed;
    }
    if (finished_) return;
    give_back(box.released_requests, box.released_bytes);
    for (auto& part : box.parts) {
      if (part.empty()) continue;
      unsent_bytes_ += part.size();
      waiting_.push_back(std::move(part));
    }
    if (box.close_reason && !closing_) {
      closing_ = true;
      close_reason_ = std::move(*box.close_reason);
      drain_since_ = std::chrono::steady_clock::now();
    }
    write_more();
    or_finish([&] { pump(); });
  }

  void give_back(std::size_t requests, std::size_t bytes) {
    requests = std::min(requests_in_flight_, requests);
    bytes = std::min(bytes_in_flight_, bytes);
    requests_in_flight_ -= requests;
    bytes_in_flight_ -= bytes;
    counted.requests_in_flight.add(-static_cast<std::int64_t>(requests));
    counted.bytes_in_flight.add(-static_cast<std::int64_t>(bytes));
  }

  [[nodiscard]] bool may_read() const {
    const auto& limits = worker_->limits;
    return !closing_ && requests_in_flight_ < limits.max_requests_in_flight &&
           bytes_in_flight_ < limits.max_bytes_in_flight && unsent_bytes_ < limits.max_unsent_bytes;
  }

  /// Memory that one client's frames ask for in vain, or a handler that throws, ends this connection and no other.
  template <class F>
  void or_finish(F step) {
    try {
      step();
    } catch (const std::exception& failure) {
      finish(std::string("failed: ") + failure.what());
    }
  }

  /// Delivers what has come, reads on while there is credit, ends the connection when nothing is left to do.
  void pump() {
    if (finished_) return;
    if (!read_active_) {
      auto last = frame_reader::status::need_more;
      deliver(last);
      if (last == frame_reader::status::bad_length) {
        counted.closed_bad_length.add();
        return finish("frame length " + std::to_string(reader_.bad_length()) + guess_of_bad_length(reader_.bad_length()));
      }
      if (!finished_ && !eof_ && may_read()) read_more();
    }
    if (finished_ || unsent_bytes_ > 0) return;
    if (closing_) return finish(close_reason_);
    if (eof_ && requests_in_flight_ == 0) finish("");
  }

  void deliver(frame_reader::status& last) {
    std::vector<shared_bytes> frames;
    shared_bytes frame;
    const auto bytes_before = bytes_in_flight_;
    while (may_read() && (last = reader_.next(frame)) == frame_reader::status::frame) {
      ++requests_in_flight_;
      bytes_in_flight_ += frame.size();
      frames.push_back(std::move(frame));
    }
    if (frames.empty()) return;
    counted.requests_in_flight.add(static_cast<std::int64_t>(frames.size()));
    counted.bytes_in_flight.add(static_cast<std::int64_t>(bytes_in_flight_ - bytes_before));
    frame_since_ = std::chrono::steady_clock::now();
    frame_bytes_ = 0;
    handler_->on_frames(std::move(frames));
  }

  void read_more() {
    read_active_ = true;
    if (!reader_.is_inside_frame() || was_paused_) {
      frame_since_ = last_activity_;
      frame_bytes_ = 0;
    }
    const auto room = reader_.prepare();
    stream_.async_read_some(asio::buffer(room.data(), room.size()),
                            [self = self()](asio_error failed, std::size_t count) { self->on_read(failed, count); });
  }

  void on_read(asio_error failed, std::size_t count) {
    read_active_ = false;
    if (finished_) return;
    if (failed) {
      if (failed != asio::error::eof) return finish("");
      eof_ = true;
      drain_since_ = std::chrono::steady_clock::now();
      return or_finish([&] { pump(); });
    }
    any_byte_ = true;
    last_activity_ = std::chrono::steady_clock::now();
    if (!reader_.is_inside_frame()) frame_since_ = last_activity_;
    frame_bytes_ += count;
    counted.bytes_received.add(count);
    reader_.commit(count);
    or_finish([&] { pump(); });
    was_paused_ = !read_active_;
  }

  void write_more() {
    if (write_active_ || waiting_.empty()) return;
    writing_ = std::move(waiting_);
    waiting_.clear();
    buffers_.clear();
    for (const auto& part : writing_) buffers_.emplace_back(part.data(), part.size());
    first_unsent_ = 0;
    write_some();
  }

  void write_some() {
    write_active_ = true;
    const auto* first = buffers_.data() + first_unsent_;
    const auto count = std::min(gather_limit, buffers_.size() - first_unsent_);
    stream_.async_write_some(buffer_window{first, first + count},
                             [self = self()](asio_error failed, std::size_t sent) { self->on_written(failed, sent); });
  }

  void on_written(asio_error failed, std::size_t sent) {
    write_active_ = false;
    if (finished_) return drop_unsent();
    if (failed) return finish("");
    last_activity_ = std::chrono::steady_clock::now();
    unsent_bytes_ -= sent;
    counted.bytes_sent.add(sent);
    while (first_unsent_ < buffers_.size() && sent >= buffers_[first_unsent_].size()) {
      sent -= buffers_[first_unsent_].size();
      writing_[first_unsent_++] = {};  // the bytes may be a large fetch answer: free them as they leave
    }
    if (first_unsent_ < buffers_.size()) {
      buffers_[first_unsent_] += sent;
      return write_some();
    }
    write_more();
    or_finish([&] { pump(); });
  }

  void drop_unsent() {
    waiting_.clear();
    writing_.clear();
    buffers_.clear();
  }

  const std::shared_ptr<io_worker> worker_;
  Stream stream_;
  frame_reader reader_;
  const std::uint64_t id_;
  const std::string peer_;
  std::shared_ptr<void> admission_;
  std::shared_ptr<frame_handler> handler_;

  std::mutex mutex_;  // guards outbox_; everything else lives on the io thread
  outbox outbox_;

  std::vector<shared_bytes> waiting_;
  std::vector<shared_bytes> writing_;
  std::vector<asio::const_buffer> buffers_;
  std::size_t first_unsent_ = 0;
  std::size_t unsent_bytes_ = 0;
  std::size_t requests_in_flight_ = 0;
  std::size_t bytes_in_flight_ = 0;
  std::size_t frame_bytes_ = 0;  // of the started frame, since frame_since_
  steady_time accepted_at_;
  steady_time last_activity_;
  steady_time frame_since_;
  steady_time drain_since_;
  std::string close_reason_;
  bool any_byte_ = false;
  bool read_active_ = false;
  bool was_paused_ = false;
  bool write_active_ = false;
  bool closing_ = false;
  bool eof_ = false;
  bool finished_ = false;
};

}  // namespace tidegate::net
