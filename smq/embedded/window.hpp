#pragma once

#include "messages/common/uuid.hpp"
#include "smq/ports.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The layout of a window in a volume file, big-endian: header, mutation section, chunk bytes.
/// Header: magic "TGW1" · version 1 · zero 1 · header length 2 · store id 16 · seq 8 · synced seq 8 · bytes of the
/// mutation section 8 · bytes of all chunks 8 · CRC32C of the mutation section 4 · (later fields) · CRC32C of all of
/// the header before it 4. Mutation section: chunk table (id, length, CRC32C), then the mutations.
/// In every later version magic, version, header length (64 to 4096), store id, seq and the CRC at the end of the header
/// stay where they are, for ever: without them a start would take a newer window for a torn one and cut it off.
namespace tidegate::smq::embedded {

inline constexpr std::string_view window_magic = "TGW1";
inline constexpr std::uint8_t window_version = 1;
inline constexpr std::size_t window_header_bytes = 64;
inline constexpr std::size_t max_window_header_bytes = 4096;

/// What the header of every version says.
struct header_start {
  std::uint8_t version = window_version;
  uuid store;
  std::uint64_t seq = 0;
  std::uint16_t header_bytes = window_header_bytes;

  [[nodiscard]] bool is_of_newer_version() const { return version != window_version; }
};

struct window_header {
  uuid store;
  std::uint64_t seq = 0;
  std::uint64_t synced_seq = 0;  // every window up to this one was synced before this one was written
  std::uint64_t mutation_bytes = 0;
  std::uint64_t chunk_bytes = 0;
  std::uint32_t mutation_crc = 0;
  std::uint16_t header_bytes = window_header_bytes;

  [[nodiscard]] std::uint64_t window_bytes() const { return header_bytes + mutation_bytes + chunk_bytes; }
};

struct chunk_row {
  chunk_id id;
  std::uint64_t length = 0;
  std::uint32_t crc = 0;
};

/// One applied mutation, in bytes of somebody else, which must outlive it.
struct record_view {
  std::string_view path;
  std::optional<std::string_view> value;  // entry_codec's layout; none: the entry is erased
};

struct mutation_section {
  std::vector<chunk_row> chunks;
  std::vector<record_view> records;
};

std::string encode_header(const window_header& header);

/// `bytes`: at least window_header_bytes from where a window may start, at most max_window_header_bytes are looked at.
/// Errors: nullopt when this is not a whole, undamaged header of a version that we know.
std::optional<window_header> decode_header(std::string_view bytes);

/// The same of any version. Errors: nullopt when this is not a whole, undamaged header.
std::optional<header_start> decode_header_start(std::string_view bytes);

std::string encode_section(const mutation_section& section);

/// The records are views into `bytes`. Errors: nullopt when these do not follow the layout, or are of unknown kinds.
std::optional<mutation_section> decode_section(std::string_view bytes);

}  // namespace tidegate::smq::embedded
