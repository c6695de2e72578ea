#include "messages/common/crc32c.hpp"
#include "smq/embedded/recovery.hpp"

#include <algorithm>

namespace tidegate::smq::embedded {

namespace {

constexpr std::uint64_t block_bytes = 1ULL << 20;

}  // namespace

std::optional<window_header> read_header(volumes& files, std::uint32_t volume, std::uint64_t position,
                                         std::uint64_t size) {
  if (position >= size) return std::nullopt;
  byte_buffer bytes(std::min<std::uint64_t>(max_window_header_bytes, size - position));
  if (!files.read(volume, position, bytes).empty()) return std::nullopt;
  const auto header = decode_header(as_text(bytes));
  if (!header || header->window_bytes() > size - position) return std::nullopt;
  return header;
}

std::string unreadable_at(const window_place& w, const std::string& error) {
  return "the window at " + w.text() + " cannot be read: " + error;
}

bool is_newer_window(volumes& files, const uuid& store, const window_place& at) {
  const auto size = files.size_of(at.volume).value_or(0);
  if (at.position >= size) return false;
  byte_buffer bytes(std::min<std::uint64_t>(max_window_header_bytes, size - at.position));
  if (!files.read(at.volume, at.position, bytes).empty()) return false;
  const auto start = decode_header_start(as_text(bytes));
  return start && start->store == store && start->is_of_newer_version();
}

std::optional<window_place> find_later_window(volumes& files, const uuid& store, const window_place& from,
                                              std::uint64_t seq) {
  for (const auto volume : files.numbers()) {
    if (volume < from.volume) continue;
    const auto size = files.size_of(volume).value_or(0);
    std::uint64_t at = volume == from.volume ? from.position + 1 : 0;
    while (at < size) {
      byte_buffer block(std::min(block_bytes, size - at));
      if (!files.read(volume, at, block).empty()) break;
      const auto text = as_text(block);
      for (auto hit = text.find(window_magic); hit != std::string_view::npos; hit = text.find(window_magic, hit + 1)) {
        // The whole window need not be there: its header alone says that the ones before it were written.
        byte_buffer bytes(std::min<std::uint64_t>(max_window_header_bytes, size - at - hit));
        if (!files.read(volume, at + hit, bytes).empty()) continue;
        const auto start = decode_header_start(as_text(bytes));
        if (!start || start->store != store || start->seq < seq) continue;
        window_place later{volume, at + hit, {}};
        later.header.store = start->store;
        later.header.seq = start->seq;
        return later;
      }
      if (at + block.size() >= size) break;
      at += block.size() - (window_magic.size() - 1);
    }
  }
  return std::nullopt;
}

std::string read_section(volumes& files, const window_place& at, section_buffer& into) {
  into.is_whole = false;
  into.bytes.resize(at.header.mutation_bytes);
  if (auto error = files.read(at.volume, at.position + at.header.header_bytes, into.bytes); !error.empty())
    return error;
  if (crc32c(into.bytes) != at.header.mutation_crc) return "the mutations do not match their CRC";
  into.is_whole = true;
  auto section = decode_section(as_text(into.bytes));
  if (!section) return "its mutations are whole, but of a layout that is unknown here: " + written_by_newer;
  into.what = std::move(*section);
  std::uint64_t chunk_bytes = 0;
  for (const auto& row : into.what.chunks) chunk_bytes += row.length;
  return chunk_bytes == at.header.chunk_bytes ? std::string{} : "the chunk table does not match the header";
}

std::string verify_chunks(volumes& files, const window_place& at, const mutation_section& section) {
  auto position = at.position + at.header.header_bytes + at.header.mutation_bytes;
  byte_buffer block;
  for (const auto& row : section.chunks) {
    std::uint32_t crc = 0;
    for (std::uint64_t done = 0; done < row.length;) {
      block.resize(std::min(block_bytes, row.length - done));
      if (auto error = files.read(at.volume, position + done, block); !error.empty()) return error;
      crc = crc32c(block, crc);
      done += block.size();
    }
    if (crc != row.crc) return "chunk bytes do not match their CRC";
    position += row.length;
  }
  return {};
}

}  // namespace tidegate::smq::embedded
