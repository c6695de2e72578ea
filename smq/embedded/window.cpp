#include "smq/embedded/window.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/embedded/binary.hpp"

namespace tidegate::smq::embedded {

namespace {

constexpr std::uint64_t max_section_bytes = 1ULL << 32;
constexpr std::uint64_t max_chunk_bytes = 1ULL << 40;

}  // namespace

std::string encode_header(const window_header& header) {
  std::string out{window_magic};
  out.reserve(window_header_bytes);
  put_number(out, window_version);
  put_number(out, std::uint8_t{0});
  put_number(out, static_cast<std::uint16_t>(window_header_bytes));
  out.append(as_text(header.store.bytes));
  put_number(out, header.seq);
  put_number(out, header.synced_seq);
  put_number(out, header.mutation_bytes);
  put_number(out, header.chunk_bytes);
  put_number(out, header.mutation_crc);
  put_number(out, crc32c(as_byte_view(out)));
  return out;
}

std::optional<header_start> decode_header_start(std::string_view bytes) {
  if (bytes.size() < window_header_bytes || !bytes.starts_with(window_magic)) return std::nullopt;
  binary_reader in{bytes};
  in.take(window_magic.size());
  header_start start;
  start.version = in.number<std::uint8_t>();
  in.take(1);
  start.header_bytes = in.number<std::uint16_t>();
  if (start.header_bytes < window_header_bytes || start.header_bytes > max_window_header_bytes ||
      start.header_bytes > bytes.size()) {
    return std::nullopt;
  }
  const auto store = in.take(start.store.bytes.size());
  std::memcpy(start.store.bytes.data(), store.data(), store.size());
  start.seq = in.number<std::uint64_t>();
  const std::size_t covered = start.header_bytes - sizeof(std::uint32_t);
  binary_reader last{bytes.substr(covered)};
  if (last.number<std::uint32_t>() != crc32c(as_byte_view(bytes.substr(0, covered)))) return std::nullopt;
  return start;
}

std::optional<window_header> decode_header(std::string_view bytes) {
  const auto start = decode_header_start(bytes);
  if (!start || start->is_of_newer_version()) return std::nullopt;
  window_header header;
  header.header_bytes = start->header_bytes;
  header.store = start->store;
  header.seq = start->seq;
  constexpr std::size_t seq_end = 32;
  binary_reader in{bytes.substr(seq_end)};
  header.synced_seq = in.number<std::uint64_t>();
  header.mutation_bytes = in.number<std::uint64_t>();
  header.chunk_bytes = in.number<std::uint64_t>();
  header.mutation_crc = in.number<std::uint32_t>();
  if (header.mutation_bytes > max_section_bytes || header.chunk_bytes > max_chunk_bytes) return std::nullopt;
  return header;
}

std::string encode_section(const mutation_section& section) {
  std::string out;
  std::size_t expected = 8 + section.chunks.size() * 32;
  for (const auto& r : section.records) expected += 16 + r.path.size() + (r.value ? r.value->size() : 0);
  out.reserve(expected);
  put_number(out, static_cast<std::uint32_t>(section.chunks.size()));
  for (const auto& c : section.chunks) {
    put_text(out, c.id);
    put_number(out, c.length);
    put_number(out, c.crc);
  }
  put_number(out, static_cast<std::uint32_t>(section.records.size()));
  for (const auto& r : section.records) {
    put_number(out, static_cast<std::uint8_t>(r.value ? 1 : 0));
    put_text(out, r.path);
    if (r.value) put_text(out, *r.value);
  }
  return out;
}

std::optional<mutation_section> decode_section(std::string_view bytes) {
  binary_reader in{bytes};
  mutation_section section;
  for (auto left = in.number<std::uint32_t>(); left > 0 && in.ok(); --left) {
    chunk_row row;
    row.id = in.text();
    row.length = in.number<std::uint64_t>();
    row.crc = in.number<std::uint32_t>();
    section.chunks.push_back(std::move(row));
  }
  for (auto left = in.number<std::uint32_t>(); left > 0 && in.ok(); --left) {
    const auto kind = in.number<std::uint8_t>();
    if (kind > 1) return std::nullopt;
    record_view r{in.text(), std::nullopt};
    if (kind == 1) r.value = in.text();
    section.records.push_back(r);
  }
  if (!in.ok()) return std::nullopt;
  return section;
}

}  // namespace tidegate::smq::embedded
