#include "actors/cli/bench/load.hpp"

#include "actors/cli/admin/values.hpp"
#include "actors/cli/bench/wire_call.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tidegate::cli::bench {

namespace {

constexpr auto longest_wait = std::chrono::milliseconds(100);

}  // namespace

class load {
 public:
  load(lanes& all, std::chrono::milliseconds timeout) : lanes_(all), timeout_(timeout) {
    poller_.descriptor = epoll_create1(EPOLL_CLOEXEC);
    for (auto& one : all) watch(*one, EPOLL_CTL_ADD);
  }

  void run(const std::function<void()>& on_progress) {
    for (auto next_look = clock::now() + longest_wait;;) {
      const auto due = send_all();
      if (!due) return;
      take_answers(*due);
      if (const auto now = clock::now(); now >= next_look) {
        next_look = now + longest_wait;
        check_patience(now);
        on_progress();
      }
    }
  }

 private:
  /// Sends what may be sent; when there will be more without any answers, or nothing when all is over. Begins with
  /// another lane each time, so that none has the first choice.
  std::optional<clock::time_point> send_all() {
    auto due = never;
    bool is_over = true;
    first_ = (first_ + 1) % lanes_.size();
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      auto& one = *lanes_[(first_ + i) % lanes_.size()];
      send(one);
      is_over &= one.sent_.empty() && one.is_over();
      if (one.sent_.size() < one.in_flight_ && !one.connection_.is_sending()) due = std::min(due, one.due());
    }
    return is_over ? std::nullopt : std::optional(due);
  }

  void send(lane& one) {
    while (!one.connection_.is_sending() && one.sent_.size() < one.in_flight_) {
      const auto now = clock::now();
      const auto request = one.next(now);
      if (!request) return;
      set_correlation_id(request->frame, one.next_id_);
      one.sent_.push_back({one.next_id_, request->since, now});
      one.next_id_ = (one.next_id_ + 1) & 0x7fff'ffff;
      one.connection_.send(request->frame);
    }
    if (one.connection_.is_sending() != one.watches_room_) watch(one, EPOLL_CTL_MOD);
  }

  void watch(lane& one, int operation) {
    one.watches_room_ = one.connection_.is_sending();
    epoll_event event{};
    event.events = one.watches_room_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = &one;
    if (epoll_ctl(poller_.descriptor, operation, one.connection_.descriptor(), &event) != 0)
      throw kafka_failure(std::string("NETWORK_EXCEPTION: ") + std::strerror(errno));
  }

  void take_answers(clock::time_point due) {
    std::array<epoll_event, 64> events;
    const auto count = epoll_wait(poller_.descriptor, events.data(), static_cast<int>(events.size()), wait_until(due));
    for (int i = 0; i < count; ++i) {
      auto& one = *static_cast<lane*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (one.connection_.is_sending()) one.connection_.send_more();
      while (const auto frame = one.connection_.receive()) take(one, *frame);
    }
    for (int i = 0; i < count; ++i) {
      auto& one = *static_cast<lane*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (one.connection_.is_sending() != one.watches_room_) watch(one, EPOLL_CTL_MOD);
    }
  }

  /// What epoll_wait is to wait. It counts in milliseconds; the last part is waited for here.
  int wait_until(clock::time_point due) const {
    const auto now = clock::now();
    if (due <= now) return 0;
    const auto left = std::min<clock::duration>(due - now, longest_wait);
    if (left == longest_wait) return static_cast<int>(longest_wait.count());
    const timespec time{0, std::chrono::nanoseconds(left).count()};
    pollfd any{poller_.descriptor, POLLIN, 0};
    (void)ppoll(&any, 1, &time, nullptr);
    return 0;
  }

  static void take(lane& one, byte_view frame) {
    if (one.sent_.empty()) fail_malformed(one.connection_.broker());
    const auto request = one.sent_.front();
    one.sent_.pop_front();
    one.take(answer_body(frame, request.id, one.connection_.broker()), request.since, clock::now());
  }

  void check_patience(clock::time_point now) const {
    for (const auto& one : lanes_)
      if (!one->sent_.empty() && now - one->sent_.front().at > timeout_)
        throw kafka_failure("REQUEST_TIMED_OUT: no answer from " + words_of(one->connection_.broker()) + " within " +
                            std::to_string(timeout_.count()) + " ms");
  }

  lanes& lanes_;
  std::chrono::milliseconds timeout_;
  socket_owner poller_;
  std::size_t first_ = 0;
};

void run_load(lanes& all, std::chrono::milliseconds timeout, const std::function<void()>& on_progress) {
  if (!all.empty()) load(all, timeout).run(on_progress);
}

}  // namespace tidegate::cli::bench
