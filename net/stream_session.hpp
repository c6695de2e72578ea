#pragma once

#include "net/counters.hpp"
#include "net/managed_session.hpp"
#include "net/send_queue.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

/// Internal to net/: a session on any stream type of Asio. TLS is one more Stream with its own stream_traits.
namespace tidegate::net {

template <class Stream>
class stream_session final : public managed_session, public node_budget::waiter {
 public:
  /// `admission` is let go when the connection is closed.
  stream_session(std::shared_ptr<io_worker> worker, Stream stream, std::uint64_t id, std::string peer,
                 std::shared_ptr<void> admission)
    : worker_(std::move(worker)), stream_(std::move(stream)), reader_(worker_->limits.max_frame_bytes), id_(id),
      peer_(std::move(peer)), admission_(std::move(admission)), share_(worker_->budget) {}

  /// Nobody works on its requests any more.
  ~stream_session() override { count_back(requests_in_flight_, bytes_in_flight_); }

  void send(std::vector<shared_bytes> parts) override {
    for (const auto& part : parts) unsent_bytes_ += part.size();
    post_outbox([&](outbox& box) {
      if (box.parts.empty()) {
        box.parts = std::move(parts);
      } else {
        box.parts.insert(box.parts.end(), std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end()));
      }
    });
  }

  bool takes_answers() override {
    if (has_room()) return true;
    waits_for_room_ = true;
    return has_room();  // it may have come before anybody was to be told
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

  void on_turn() override {
    post_outbox([](outbox& box) { box.has_turn = true; });
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
    if (!reason.empty()) worker_->log->write({"connection closed", id_, peer_, reason});
    if (!write_active_) drop_unsent();
    if (!read_active_) drop_unread();
    share_.give_up();
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
    if (share_.holds_up(waits_for_room_) && now - turn_since_ > limits.frame_grace)
      return over(counted.closed_slow_turn,
                  waits_for_room_ ? "answers are not taken while others wait for limits.node_bytes_in_flight"
                                  : "frame comes too slowly while others wait for limits.node_bytes_in_flight");
    return nullptr;
  }

 private:
  struct outbox {
    std::vector<shared_bytes> parts;
    std::size_t released_bytes = 0;
    std::size_t released_requests = 0;
    std::optional<std::string> close_reason;
    bool has_turn = false;
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
    for (auto& part : box.parts) queue_.push(std::move(part));
    share_.keep_unsent(queue_.cost());
    if (box.has_turn) turn_since_ = std::chrono::steady_clock::now();
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
    count_back(requests, bytes);
    if (requests > 0) share_.have_answer();
    hold();
  }

  static void count_back(std::size_t requests, std::size_t bytes) {
    counted.requests_in_flight.add(-static_cast<std::int64_t>(requests));
    counted.bytes_in_flight.add(-static_cast<std::int64_t>(bytes));
  }

  void hold() { share_.hold(requests_in_flight_, bytes_in_flight_ + reader_.large_capacity()); }

  /// The limit of this connection that stops its reading; null: none.
  [[nodiscard]] counter* own_limit() const {
    const auto& limits = worker_->limits;
    if (requests_in_flight_ >= limits.max_requests_in_flight) return &counted.paused_by_requests;
    if (bytes_in_flight_ >= limits.max_bytes_in_flight) return &counted.paused_by_bytes;
    if (queue_.cost() >= limits.max_unsent_bytes) return &counted.paused_by_unsent;
    // While clients together take too little, each may leave no more than it could have without the node's notice.
    if (queue_.cost() >= node_budget::free_bytes && !worker_->budget->may_keep_unsent())
      return &counted.paused_by_node_unsent;
    return nullptr;
  }

  void pause(counter& limit) {
    if (std::exchange(paused_by_, &limit) != &limit) limit.add();
  }

  bool own_limits_allow() {
    if (closing_) return false;
    auto* limit = own_limit();
    if (limit == nullptr) return true;
    pause(*limit);
    share_.give_up();
    return false;
  }

  /// `is_free`: what comes next is not the node's concern.
  bool node_allows(bool is_free) {
    if (is_free) {
      share_.give_up();
      return true;
    }
    if (share_.may_go_on()) return true;
    pause(worker_->budget->has_room_for_requests() ? counted.paused_by_node_bytes : counted.paused_by_node_requests);
    if (!share_.has_turn()) turn_since_ = steady_time::max();  // until it is told of its turn
    share_.wait(self());
    return false;
  }

  [[nodiscard]] bool may_take_frame() {
    if (!own_limits_allow()) return false;
    // A large one was counted when its memory was taken.
    if (reader_.is_inside_large_frame()) return true;
    return node_allows(requests_in_flight_ == 0 || !reader_.is_inside_frame());
  }

  [[nodiscard]] bool may_read() {
    if (!own_limits_allow()) return false;
    const auto is_small = requests_in_flight_ == 0 && !reader_.is_inside_large_frame();
    return node_allows(is_small || !reader_.is_inside_frame());
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
      const auto last = deliver();
      if (last == frame_reader::status::bad_length) {
        counted.closed_bad_length.add();
        const auto length = reader_.bad_length();
        return finish("frame length " + std::to_string(length) + guess_of_bad_length(length));
      }
      if (last == frame_reader::status::need_more) read_more();
    }
    share_.went_on();
    if (!queue_.empty()) return;
    if (closing_) return finish(close_reason_);
    if (eof_ && requests_in_flight_ == 0) finish("");
  }

  /// `frame`: there may be more, but a limit is in the way.
  frame_reader::status deliver() {
    std::vector<shared_bytes> frames;
    shared_bytes frame;
    auto last = frame_reader::status::frame;
    while (may_take_frame() && (last = reader_.next(frame)) == frame_reader::status::frame) {
      ++requests_in_flight_;
      bytes_in_flight_ += frame.size();
      counted.requests_in_flight.add();
      counted.bytes_in_flight.add(static_cast<std::int64_t>(frame.size()));
      hold();
      share_.have_request();
      frames.push_back(std::move(frame));
    }
    if (frames.empty()) return last;
    frame_since_ = std::chrono::steady_clock::now();
    frame_bytes_ = 0;
    handler_->on_frames(std::move(frames));
    return last;
  }

  void read_more() {
    if (eof_) return share_.give_up();
    if (!may_read()) return;
    read_active_ = true;
    const auto was_paused = std::exchange(paused_by_, nullptr) != nullptr;
    if (!reader_.is_inside_frame() || was_paused) {
      frame_since_ = was_paused ? std::chrono::steady_clock::now() : last_activity_;
      frame_bytes_ = 0;
    }
    const auto room = reader_.prepare();
    hold();
    stream_.async_read_some(asio::buffer(room.data(), room.size()),
                            [self = self()](asio_error failed, std::size_t count) { self->on_read(failed, count); });
  }

  void on_read(asio_error failed, std::size_t count) {
    read_active_ = false;
    if (finished_) return drop_unread();
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
  }

  void write_more() {
    if (write_active_ || queue_.empty()) return;
    write_active_ = true;
    stream_.async_write_some(queue_.next(),
                             [self = self()](asio_error failed, std::size_t sent) { self->on_written(failed, sent); });
  }

  [[nodiscard]] bool has_room() const {
    const std::size_t unsent = unsent_bytes_;
    return unsent < worker_->max_unsent_bytes &&
           (unsent < node_budget::free_bytes || worker_->budget->may_keep_unsent());
  }

  void on_written(asio_error failed, std::size_t sent) {
    write_active_ = false;
    unsent_bytes_ -= sent;
    if (finished_) return drop_unsent();
    if (failed) return finish("");
    last_activity_ = std::chrono::steady_clock::now();
    counted.bytes_sent.add(sent);
    queue_.sent(sent);
    share_.keep_unsent(queue_.cost());
    if (waits_for_room_ && has_room()) {
      waits_for_room_ = false;
      handler_->on_room();
    }
    write_more();
    or_finish([&] { pump(); });
  }

  void drop_unsent() {
    queue_.clear();
    share_.keep_unsent(0);
  }

  void drop_unread() {
    reader_.release();
    hold();
  }

  const std::shared_ptr<io_worker> worker_;
  Stream stream_;
  frame_reader reader_;
  const std::uint64_t id_;
  const std::string peer_;
  std::shared_ptr<void> admission_;
  std::shared_ptr<frame_handler> handler_;

  std::mutex mutex_;  // guards outbox_; everything else but these lives on the io thread
  outbox outbox_;
  std::atomic<std::size_t> unsent_bytes_ = 0;  // of answers, from `send` on
  std::atomic<bool> waits_for_room_ = false;

  send_queue queue_;
  budget_share share_;
  std::size_t requests_in_flight_ = 0;
  std::size_t bytes_in_flight_ = 0;
  std::size_t frame_bytes_ = 0;  // of the started frame, since frame_since_
  steady_time accepted_at_;
  steady_time last_activity_;
  steady_time frame_since_;
  steady_time drain_since_;
  steady_time turn_since_;
  std::string close_reason_;
  counter* paused_by_ = nullptr;  // the limit that stopped its reading
  bool any_byte_ = false;
  bool read_active_ = false;
  bool write_active_ = false;
  bool closing_ = false;
  bool eof_ = false;
  bool finished_ = false;
};

}  // namespace tidegate::net
