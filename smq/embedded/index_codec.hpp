#pragma once

#include "smq/embedded/layer.hpp"

/// Keys and values in RocksDB that are not entries: 'c' id → place of a chunk, 'v' number → live bytes of a volume,
/// 'r' → replay position. Big-endian; values except live bytes begin with a version.
namespace tidegate::smq::embedded {

inline constexpr std::string_view replay_key = "r";
inline constexpr std::string_view volume_prefix = "v";

std::string chunk_key(const chunk_id& id);
std::string volume_key(std::uint32_t volume);

std::string encode_place(const chunk_place& place);
std::string encode_position(const replay_position& at);
std::string encode_live_bytes(std::uint64_t bytes);

/// Errors: nullopt when the bytes are damaged or of a newer layout.
std::optional<chunk_place> decode_place(std::string_view bytes);
std::optional<replay_position> decode_position(std::string_view bytes);

/// Key and value of one volume. Errors: nullopt when damaged.
std::optional<std::pair<std::uint32_t, std::uint64_t>> decode_live_bytes(std::string_view key, std::string_view bytes);

}  // namespace tidegate::smq::embedded
