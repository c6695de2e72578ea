#include "net/frame_reader.hpp"

#include <algorithm>
#include <cstring>

namespace tidegate::net {

namespace {

constexpr std::size_t length_bytes = 4;
constexpr std::size_t small_capacity = 4096;  // an idle connection costs this much
constexpr std::size_t full_capacity = 65536;
constexpr std::size_t small_reads_before_shrinking = 16;
constexpr std::size_t growth = 4;

std::int32_t read_length(const std::byte* at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) value = value << 8U | std::to_integer<std::uint32_t>(at[i]);
  return static_cast<std::int32_t>(value);
}

}  // namespace

frame_reader::frame_reader(std::size_t max_frame_bytes)
  : max_frame_bytes_(max_frame_bytes), buffer_(small_capacity), wanted_capacity_(small_capacity) {}

std::span<std::byte> frame_reader::prepare() {
  if (large_size_ > 0) {
    if (large_filled_ == large_capacity_) {
      reserve_large(std::min(large_size_, std::max(proven_size_, large_capacity_ * growth)));
    }
    return {large_.get() + large_filled_, large_capacity_ - large_filled_};
  }
  const auto rest = end_ - begin_;  // less than one frame, which fits into the buffer that it began in
  if (wanted_capacity_ > buffer_.size() || (wanted_capacity_ < buffer_.size() && rest == 0)) {
    std::vector<std::byte> resized(wanted_capacity_);
    std::copy_n(buffer_.data() + begin_, rest, resized.data());
    buffer_ = std::move(resized);
  } else if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, rest);
  }
  begin_ = 0;
  end_ = rest;
  return {buffer_.data() + end_, buffer_.size() - end_};
}

void frame_reader::commit(std::size_t count) {
  if (large_size_ > 0) {
    large_filled_ += count;
    return;
  }
  end_ += count;
  if (end_ == buffer_.size()) {
    wanted_capacity_ = std::min(full_capacity, buffer_.size() * growth);
    small_reads_ = 0;
  } else if (buffer_.size() > small_capacity && count <= small_capacity / 2) {
    if (++small_reads_ == small_reads_before_shrinking) wanted_capacity_ = small_capacity;
  } else {
    small_reads_ = 0;
  }
}

frame_reader::status frame_reader::next(shared_bytes& frame) {
  if (large_size_ > 0) {
    if (large_filled_ < large_size_) return status::need_more;
    const auto* data = large_.get();
    frame = shared_bytes(std::move(large_), {data, large_size_});
    proven_size_ = std::max(proven_size_, large_size_);
    large_size_ = large_capacity_ = large_filled_ = 0;
    return status::frame;
  }
  if (end_ - begin_ < length_bytes) return status::need_more;
  const auto length = read_length(buffer_.data() + begin_);
  if (length < 0 || static_cast<std::size_t>(length) > max_frame_bytes_) {
    bad_length_ = length;
    return status::bad_length;
  }
  const auto size = static_cast<std::size_t>(length);
  if (size > end_ - begin_ - length_bytes) {
    if (size + length_bytes > buffer_.size()) begin_large(size);
    return status::need_more;
  }
  auto copy = std::make_shared_for_overwrite<std::byte[]>(size);
  std::copy_n(buffer_.data() + begin_ + length_bytes, size, copy.get());
  begin_ += length_bytes + size;
  const auto* data = copy.get();
  frame = shared_bytes(std::move(copy), {data, size});
  return status::frame;
}

void frame_reader::release() {
  std::vector<std::byte>{}.swap(buffer_);
  large_.reset();
  large_size_ = large_capacity_ = large_filled_ = begin_ = end_ = 0;
}

void frame_reader::begin_large(std::size_t size) {
  begin_ += length_bytes;
  large_size_ = size;
  large_filled_ = 0;
  reserve_large(std::min(size, end_ - begin_ + full_capacity));
  std::copy(buffer_.data() + begin_, buffer_.data() + end_, large_.get());
  large_filled_ = end_ - begin_;
  begin_ = end_ = 0;
}

void frame_reader::reserve_large(std::size_t capacity) {
  auto grown = std::make_shared_for_overwrite<std::byte[]>(capacity);
  if (large_filled_ > 0) std::copy_n(large_.get(), large_filled_, grown.get());
  large_ = std::move(grown);
  large_capacity_ = capacity;
}

}  // namespace tidegate::net
