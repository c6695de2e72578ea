#pragma once

#include "messages/common/bytes.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace tidegate::kafka {

/// The codec in the lowest three bits of a batch's attributes.
enum class compression : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

inline constexpr std::uint8_t last_compression = 4;

struct decompression_limits {
  // Output beyond it ends with `too_large`: a batch of some kilobytes can claim gigabytes.
  std::size_t max_output_bytes = std::size_t{128} << 20;
  // 27: what zstd itself accepts and the window of its level 22. Its pages are touched only as output is produced.
  int zstd_window_log_max = 27;
};

enum class decompression_status : std::uint8_t { ok, bad_data, too_large };

/// Decompresses a buffer piece by piece. Memory does not depend on the output's size, except for snappy, whose blocks
/// are decompressed whole (bounded by the cap and by 22 times the input), and an input below 1 KiB takes less than 1 MiB
/// of it: lz4 and zstd get room for what their blocks can hold, not for what the frame's header says. A zstd frame that
/// needs a window of more than that, or in a longer input of more than 8 MiB and 512 times the input, is `too_large`.
/// Concatenated gzip and zstd frames count as one stream. Lz4 is one frame of independent blocks, nothing behind it:
/// Java's clients read no other, so that any other is `bad_data`.
class decompressor {
 public:
  virtual ~decompressor() = default;

  /// Fills `out` (not empty) from its start and returns the number of bytes; 0: the end, or status() is not ok.
  std::size_t read(std::span<std::byte> out);

  [[nodiscard]] decompression_status status() const { return status_; }

 protected:
  explicit decompressor(std::size_t max_output_bytes) : left_(max_output_bytes) {}

  /// 0: the end or failed.
  virtual std::size_t read_some(std::span<std::byte> out) = 0;

  std::size_t fail(decompression_status why = decompression_status::bad_data) {
    status_ = why;
    return 0;
  }

  std::size_t left_;  // output bytes that the cap still allows

 private:
  decompression_status status_ = decompression_status::ok;
};

/// A decompressor of `input`, which must outlive it. Null for compression::none and when memory is short.
std::unique_ptr<decompressor> make_decompressor(compression codec, byte_view input, const decompression_limits& limits);

}  // namespace tidegate::kafka
