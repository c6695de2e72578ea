#pragma once

#include "messages/common/bytes.hpp"

#include <cstdint>

namespace tidegate {

/// CRC-32C (Castagnoli) of `bytes`, continued from `previous` (the result for the bytes before these; 0 at the start).
/// Thread: any.
/// Source: RFC 3720 appendix B.4; Kafka's record batches since magic 2 and our own file formats.
std::uint32_t crc32c(byte_view bytes, std::uint32_t previous = 0);

}  // namespace tidegate
