#pragma once

#include "smq/ports.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How entries are stored in RocksDB and in the mutations of a window.
namespace tidegate::smq::embedded {

inline constexpr std::uint8_t entry_version = 1;

/// The value of an entry: version 1, content, chunks, attributes. The path is in the key.
std::string encode_entry(const entry& e);
void append_entry(std::string& out, const entry& e);
[[nodiscard]] std::size_t encoded_bytes(const entry& e);

/// Errors: nullopt when the bytes are damaged or of a newer layout.
std::optional<entry> decode_entry(std::string_view path, std::string_view value, bool with_chunks = true);

/// The content inside an encoded entry. Errors: nullopt when damaged.
std::optional<std::string_view> content_of(std::string_view value);

/// The ids inside an encoded entry. Errors: nullopt when damaged.
std::optional<std::vector<chunk_id>> chunks_of(std::string_view value);

/// 'e' parent NUL name: the children of a directory are neighbours, in byte order of their names.
std::string entry_key(std::string_view path);

/// The key before the first child of `directory`.
std::string children_prefix(std::string_view directory);

}  // namespace tidegate::smq::embedded
