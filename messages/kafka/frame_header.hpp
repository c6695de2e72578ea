#pragma once

#include "messages/common/bytes.hpp"

#include <array>
#include <cstdint>
#include <optional>

/// The headers of lz4 and zstd frames say for what size their decompressors make room, and most clients write the same
/// into each: a batch of a hundred bytes asks for megabytes. The sizes of its blocks say what it can need.
/// Sources: the LZ4 frame format 1.6.3; RFC 8878, section 3.1.
namespace tidegate::kafka {

struct frame {
  std::array<std::byte, 20> header{};  // as it came, but that it asks for no more than the blocks can need
  std::size_t header_size = 0;
  byte_view blocks;               // and checksums
  std::uint64_t window_bytes = 0;  // zstd: what is kept of the output
};

/// Takes the frame that is all of `input`. Nullopt: it is none, not all of it is there, or Java's clients could not
/// read it, who would then come no further in the log: they take one frame of independent blocks without a dictionary.
/// Source: Kafka's Lz4BlockInputStream, and FLG and BD of Lz4BlockOutputStream.
std::optional<frame> take_lz4_frame(byte_view& input);

/// Takes the first frame off `input`, also one that is to be skipped. Nullopt: it is none, or not all of it is there.
std::optional<frame> take_zstd_frame(byte_view& input);

}  // namespace tidegate::kafka
