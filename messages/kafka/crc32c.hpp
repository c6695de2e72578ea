#pragma once

#include "messages/common/bytes.hpp"

#include <cstdint>

namespace tidegate::kafka {

/// CRC-32C (Castagnoli), as record batches carry it. `previous`: the CRC of the bytes before these, 0 at the start.
std::uint32_t crc32c(byte_view bytes, std::uint32_t previous = 0);

/// The same without the CPU's help; what crc32c() uses where SSE4.2 is absent.
std::uint32_t crc32c_portable(byte_view bytes, std::uint32_t previous = 0);

}  // namespace tidegate::kafka
