#include "messages/kafka/compression.hpp"

#include "messages/kafka/frame_header.hpp"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace tidegate::kafka {

namespace {

class gzip_decompressor final : public decompressor {
 public:
  gzip_decompressor(byte_view input, std::size_t cap) : decompressor(cap), input_(input) {
    ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK;  // 16: gzip framing only
  }
  gzip_decompressor(const gzip_decompressor&) = delete;
  gzip_decompressor& operator=(const gzip_decompressor&) = delete;
  ~gzip_decompressor() override {
    if (ready_) inflateEnd(&stream_);
  }

  [[nodiscard]] bool is_ready() const { return ready_; }

 private:
  std::size_t read_some(std::span<std::byte> out) override {
    const auto wanted = static_cast<uInt>(std::min<std::size_t>(out.size(), std::numeric_limits<int>::max()));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = wanted;
    while (stream_.avail_out == wanted) {
      if (member_ended_) {
        if (input_.empty()) return 0;
        if (inflateReset(&stream_) != Z_OK) return fail();
        member_ended_ = false;
      }
      const auto given = static_cast<uInt>(std::min<std::size_t>(input_.size(), std::numeric_limits<int>::max()));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input_.data()));
      stream_.avail_in = given;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      input_ = input_.subspan(given - stream_.avail_in);
      if (code == Z_STREAM_END) {
        member_ended_ = true;
      } else if (code != Z_OK || (input_.empty() && stream_.avail_out == wanted)) {
        return fail();  // Z_BUF_ERROR: the input ended inside the stream
      }
    }
    return wanted - stream_.avail_out;
  }

  byte_view input_;
  z_stream stream_{};
  bool ready_ = false;
  bool member_ended_ = false;
};

/// Both forms that Kafka accepts: snappy-java's chunks (header of 16 bytes, then length and block) and one raw block.
class snappy_decompressor final : public decompressor {
 public:
  snappy_decompressor(byte_view input, std::size_t cap) : decompressor(cap), input_(input) {
    static constexpr std::array<unsigned char, 8> magic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
    is_chunked_ = input.size() >= 16 && std::memcmp(input.data(), magic.data(), magic.size()) == 0;
    if (is_chunked_) input_ = input_.subspan(16);
    input_left_at_start_ = input_.size();
  }

 private:
  std::size_t read_some(std::span<std::byte> out) override {
    while (position_ == block_.size()) {
      if (input_.empty()) return !is_chunked_ && input_left_at_start_ == 0 ? fail() : 0;
      if (!next_block()) return 0;
    }
    const auto count = std::min(out.size(), block_.size() - position_);
    std::memcpy(out.data(), block_.data() + position_, count);
    position_ += count;
    return count;
  }

  bool next_block() {
    byte_view block = input_;
    if (is_chunked_) {
      if (input_.size() < 4) return fail() != 0;
      std::uint32_t size = 0;
      for (std::size_t i = 0; i < 4; ++i) size = (size << 8) | std::to_integer<std::uint32_t>(input_[i]);
      if (size > input_.size() - 4) return fail() != 0;
      block = input_.subspan(4, size);
      input_ = input_.subspan(4 + std::size_t{size});
    } else {
      input_ = {};
    }
    const auto text = as_text(block);
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(text.data(), text.size(), &size)) return fail() != 0;
    // The densest element is a copy of 64 bytes in 3: what claims more lies, and gets no memory.
    if (size > block.size() * 22) return fail() != 0;
    if (size > left_) return fail(decompression_status::too_large) != 0;
    block_.resize(size);
    position_ = 0;
    if (!snappy::RawUncompress(text.data(), text.size(), reinterpret_cast<char*>(block_.data()))) {
      block_.clear();
      return fail() != 0;
    }
    return true;
  }

  byte_view input_;
  std::size_t input_left_at_start_ = 0;
  bool is_chunked_ = false;
  byte_buffer block_;
  std::size_t position_ = 0;
};

/// Of a stream of frames (lz4: of one): the codec gets them one by one, each with a header that asks for no more than
/// it needs.
class framed_decompressor : public decompressor {
 protected:
  using take_frame = std::optional<frame> (*)(byte_view& input);

  framed_decompressor(byte_view input, std::size_t cap, take_frame take)
    : decompressor(cap), input_(input), most_window_(most_window_for(input.size())), take_(take) {}

  struct step {
    bool is_ok = true;
    bool frame_ended = false;
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  virtual step decompress(byte_view from, std::span<std::byte> out) = 0;

 private:
  // No request below 1 KiB takes a MiB. Every decoder should have the window of 8 MiB (RFC 8878), and only what is
  // 500 times as dense needs more than that for its size.
  static std::uint64_t most_window_for(std::uint64_t input_bytes) {
    constexpr std::uint64_t of_small_input = 512U << 10U;
    constexpr std::uint64_t least = 8U << 20U;
    return input_bytes < 1024 ? of_small_input : std::max(least, 512 * input_bytes);
  }

  std::size_t read_some(std::span<std::byte> out) override {
    while (true) {
      if (frame_ended_ && !begin_frame()) return 0;
      if (piece_.empty()) piece_ = std::exchange(blocks_, {});
      const auto done = decompress(piece_, out);
      if (!done.is_ok) return fail();
      piece_ = piece_.subspan(done.consumed);
      frame_ended_ = done.frame_ended;
      if (done.produced > 0) return done.produced;
      if (done.consumed == 0 && !frame_ended_) return fail();  // the blocks ended inside a frame
    }
  }

  bool begin_frame() {
    if (input_.empty() && has_begun_) return false;
    if (!piece_.empty() || !blocks_.empty()) return fail() != 0;
    const auto taken = take_(input_);
    if (!taken) return fail() != 0;
    if (taken->window_bytes > most_window_) return fail(decompression_status::too_large) != 0;
    frame_ = *taken;
    piece_ = byte_view{frame_.header}.first(frame_.header_size);
    blocks_ = frame_.blocks;
    has_begun_ = true;
    frame_ended_ = false;
    return true;
  }

  byte_view input_;  // behind the current frame
  const std::uint64_t most_window_;
  const take_frame take_;
  frame frame_;
  byte_view piece_;   // what the codec gets next
  byte_view blocks_;  // and then
  bool has_begun_ = false;
  bool frame_ended_ = true;
};

class lz4_decompressor final : public framed_decompressor {
 public:
  lz4_decompressor(byte_view input, std::size_t cap) : framed_decompressor(input, cap, take_lz4_frame) {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0) context_ = nullptr;
  }
  lz4_decompressor(const lz4_decompressor&) = delete;
  lz4_decompressor& operator=(const lz4_decompressor&) = delete;
  ~lz4_decompressor() override { LZ4F_freeDecompressionContext(context_); }

  [[nodiscard]] bool is_ready() const { return context_ != nullptr; }

 private:
  step decompress(byte_view from, std::span<std::byte> out) override {
    step done{true, false, from.size(), out.size()};
    const auto hint = LZ4F_decompress(context_, out.data(), &done.produced, from.data(), &done.consumed, nullptr);
    done.is_ok = LZ4F_isError(hint) == 0;
    done.frame_ended = hint == 0;
    return done;
  }

  LZ4F_dctx* context_ = nullptr;
};

class zstd_decompressor final : public framed_decompressor {
 public:
  zstd_decompressor(byte_view input, const decompression_limits& limits)
    : framed_decompressor(input, limits.max_output_bytes, take_zstd_frame), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) return;
    if (ZSTD_isError(ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, limits.zstd_window_log_max)) == 0) return;
    ZSTD_freeDStream(stream_);
    stream_ = nullptr;
  }
  zstd_decompressor(const zstd_decompressor&) = delete;
  zstd_decompressor& operator=(const zstd_decompressor&) = delete;
  ~zstd_decompressor() override { ZSTD_freeDStream(stream_); }

  [[nodiscard]] bool is_ready() const { return stream_ != nullptr; }

 private:
  step decompress(byte_view from, std::span<std::byte> out) override {
    ZSTD_inBuffer in{from.data(), from.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const auto hint = ZSTD_decompressStream(stream_, &to, &in);
    return {ZSTD_isError(hint) == 0, hint == 0, in.pos, to.pos};
  }

  ZSTD_DStream* stream_;
};

template <class T, class Limits>
std::unique_ptr<decompressor> make_if_ready(byte_view input, const Limits& limits) {
  auto made = std::make_unique<T>(input, limits);
  return made->is_ready() ? std::move(made) : nullptr;
}

}  // namespace

std::size_t decompressor::read(std::span<std::byte> out) {
  if (status_ != decompression_status::ok) return 0;
  const auto count = read_some(out);
  if (status_ != decompression_status::ok) return 0;
  if (count > left_) return fail(decompression_status::too_large);
  left_ -= count;
  return count;
}

std::unique_ptr<decompressor> make_decompressor(compression codec, byte_view input,
                                                const decompression_limits& limits) {
  switch (codec) {
    case compression::none:
      return nullptr;
    case compression::gzip:
      return make_if_ready<gzip_decompressor>(input, limits.max_output_bytes);
    case compression::snappy:
      return std::make_unique<snappy_decompressor>(input, limits.max_output_bytes);
    case compression::lz4:
      return make_if_ready<lz4_decompressor>(input, limits.max_output_bytes);
    case compression::zstd:
      return make_if_ready<zstd_decompressor>(input, limits);
  }
  return nullptr;
}

}  // namespace tidegate::kafka
