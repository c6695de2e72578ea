#pragma once

#include "messages/common/bytes.hpp"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace tidegate::net {

/// A view of buffers that Asio may copy for nothing.
struct buffer_window {
  using value_type = boost::asio::const_buffer;
  using const_iterator = const boost::asio::const_buffer*;
  const_iterator first;
  const_iterator last;
  [[nodiscard]] const_iterator begin() const { return first; }
  [[nodiscard]] const_iterator end() const { return last; }
};

/// Internal to net/: bytes on their way to one client, in order, written in gathered pieces. Thread: one.
class send_queue {
 public:
  void push(shared_bytes part) {
    if (part.empty()) return;
    bytes_ += part.size();
    ++parts_;
    waiting_.push_back(std::move(part));
  }

  /// Not taken by the kernel yet, with what it costs to keep each part: small answers are many.
  [[nodiscard]] std::size_t cost() const { return bytes_ + parts_ * cost_of_part; }
  [[nodiscard]] bool empty() const { return bytes_ == 0; }

  /// What to write next; not empty unless the queue is. It stays where it is until `sent`.
  buffer_window next() {
    if (first_unsent_ == buffers_.size()) {
      writing_ = std::exchange(waiting_, {});
      buffers_.clear();
      for (const auto& part : writing_) buffers_.emplace_back(part.data(), part.size());
      first_unsent_ = 0;
    }
    const auto* first = buffers_.data() + first_unsent_;
    return {first, first + std::min(gather_limit, buffers_.size() - first_unsent_)};
  }

  void sent(std::size_t count) {
    bytes_ -= count;
    while (first_unsent_ < buffers_.size() && count >= buffers_[first_unsent_].size()) {
      count -= buffers_[first_unsent_].size();
      --parts_;
      writing_[first_unsent_++] = {};  // the bytes may be a large fetch answer: free them as they leave
    }
    if (first_unsent_ < buffers_.size()) buffers_[first_unsent_] += count;
  }

  /// Not while what `next` returned is being written.
  void clear() { *this = {}; }

 private:
  static constexpr std::size_t gather_limit = 64;   // Asio passes at most 64 buffers to one writev
  static constexpr std::size_t cost_of_part = 128;  // its own memory block, its handle, its buffer

  std::vector<shared_bytes> waiting_;
  std::vector<shared_bytes> writing_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::size_t first_unsent_ = 0;
  std::size_t bytes_ = 0;
  std::size_t parts_ = 0;
};

}  // namespace tidegate::net
