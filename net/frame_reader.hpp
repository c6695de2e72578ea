#pragma once

#include "messages/common/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tidegate::net {

/// Cuts a byte stream into Kafka's frames (4-byte big-endian length, then the frame).
/// Small frames are copied out of one read buffer; a frame that does not fit there is read straight into its own
/// buffer. That grows with the bytes that came, never by the announced length alone; where one as large came whole
/// before, it has two steps.
class frame_reader {
 public:
  enum class status : std::uint8_t { frame, need_more, bad_length };

  explicit frame_reader(std::size_t max_frame_bytes);

  /// Where the next bytes of the stream go, never empty. Call it only after `next` said need_more.
  std::span<std::byte> prepare();

  /// `count` bytes have been written to the front of the span of `prepare`.
  void commit(std::size_t count);

  /// Takes the next complete frame. bad_length (negative or above the limit) is final; see `bad_length`.
  status next(shared_bytes& frame);

  /// A frame has begun and is not complete.
  [[nodiscard]] bool is_inside_frame() const { return large_size_ > 0 || begin_ < end_; }

  /// That frame does not fit into the read buffer and has one of its own.
  [[nodiscard]] bool is_inside_large_frame() const { return large_size_ > 0; }

  [[nodiscard]] std::int32_t bad_length() const { return bad_length_; }

  /// Bytes of memory that this reader holds now.
  [[nodiscard]] std::size_t capacity() const { return buffer_.size() + large_capacity_; }
  /// Of these, what the buffer of a large frame holds.
  [[nodiscard]] std::size_t large_capacity() const { return large_capacity_; }

  /// Lets go of all memory. Nothing but the destructor may follow.
  void release();

 private:
  void begin_large(std::size_t size);
  void reserve_large(std::size_t capacity);

  std::size_t max_frame_bytes_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t wanted_capacity_;
  std::size_t small_reads_ = 0;
  std::shared_ptr<std::byte[]> large_;
  std::size_t large_size_ = 0;  // of the whole frame; 0: no large frame in progress
  std::size_t large_capacity_ = 0;
  std::size_t large_filled_ = 0;
  std::size_t proven_size_ = 0;  // of the largest frame that came whole
  std::int32_t bad_length_ = 0;
};

}  // namespace tidegate::net
