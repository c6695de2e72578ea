#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/error_code.hpp"
#include "messages/kafka/compression.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace tidegate::kafka {

/// Walks the records of one batch without keeping keys, values or headers: a compressed batch of any size passes
/// through one small window.
class record_reader {
 public:
  struct record {
    std::int64_t timestamp_delta = 0;
    std::int32_t offset_delta = 0;
  };

  enum class state : std::uint8_t { ok, malformed, too_large, no_memory };

  /// `records`: what follows the batch header; must outlive this.
  record_reader(compression codec, byte_view records, const decompression_limits& limits);

  /// Reads one record; false: what() says why.
  bool next(record& out);

  /// True when no byte is left; false with what() == ok when there is one.
  bool is_at_end();

  [[nodiscard]] state what() const { return state_; }

 private:
  bool refill();
  bool read_byte(std::uint8_t& out);
  bool read_varlong(std::int64_t& out, int max_bytes);
  bool read_varint(std::int64_t& out) { return read_varlong(out, 5); }
  bool skip(std::int64_t count);
  bool skip_field(bool may_be_null);
  bool fail(state why) {
    state_ = why;
    return false;
  }

  byte_view window_;
  std::unique_ptr<decompressor> source_;
  std::unique_ptr<std::array<std::byte, 16 * 1024>> buffer_;
  std::int64_t record_left_ = 0;  // bytes that the current record still may use
  state state_ = state::ok;
};

}  // namespace tidegate::kafka
