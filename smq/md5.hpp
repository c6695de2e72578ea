#pragma once

#include "messages/common/bytes.hpp"

#include <array>

namespace tidegate::smq {

using md5_digest = std::array<std::byte, 16>;

/// What SMQ's formats ask for; nothing is protected by it. Thread: any.
/// Errors: std::runtime_error when this OpenSSL has no MD5.
md5_digest md5_of(byte_view bytes);

}  // namespace tidegate::smq
