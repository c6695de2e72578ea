#include "smq/segments/partition_entry.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/segments/big_endian.hpp"

#include <algorithm>

namespace tidegate::smq {

namespace {

constexpr std::uint8_t version_without_marks = 1;
constexpr std::size_t epoch_bytes = 12;
constexpr std::size_t gap_bytes = 20;
constexpr std::size_t mark_bytes = 16;

bool read_lists(be_reader& reader, partition_entry& e) {
  auto epochs = reader.get<std::uint32_t>();
  if (epochs > reader.left() / epoch_bytes) return false;
  for (std::uint32_t i = 0; i < epochs; ++i) {
    epoch_start s{reader.get<std::int32_t>(), reader.get<std::int64_t>()};
    if (!e.epochs.empty() && (s.epoch <= e.epochs.back().epoch || s.start_offset < e.epochs.back().start_offset))
      return false;
    e.epochs.push_back(s);
  }
  auto gaps = reader.get<std::uint32_t>();
  if (gaps > reader.left() / gap_bytes) return false;
  for (std::uint32_t i = 0; i < gaps; ++i) {
    offset_gap g{reader.get<std::int64_t>(), reader.get<std::int64_t>(), reader.get<std::int32_t>()};
    if (g.from >= g.to || (!e.gaps.empty() && g.from < e.gaps.back().to)) return false;
    e.gaps.push_back(g);
  }
  return true;
}

bool read_marks(be_reader& reader, partition_entry& e) {
  const auto count = reader.get<std::uint16_t>();
  if (count > reader.left() / mark_bytes) return false;
  for (std::uint16_t i = 0; i < count; ++i)
    e.marks.push_back({reader.get<std::int64_t>(), reader.get<std::int64_t>()});
  return std::ranges::adjacent_find(e.marks, [](const auto& a, const auto& b) {
           return a >= b || a.base_offset >= b.base_offset;
         }) == e.marks.end();
}

}  // namespace

std::int64_t behind_gaps(const std::vector<offset_gap>& gaps, std::int64_t offset) {
  for (const auto& g : gaps)
    if (g.from <= offset && offset < g.to) offset = g.to;
  return offset;
}

std::string encode_partition_entry(const partition_entry& e) {
  be_writer writer;
  writer.put(partition_entry_version).put(e.topic_id).put(e.partition).put(e.log_start).put(e.next_offset);
  writer.put(e.next_message_number).put(e.last_ts_ns);
  writer.put(static_cast<std::uint32_t>(e.epochs.size()));
  for (const auto& s : e.epochs) writer.put(s.epoch).put(s.start_offset);
  writer.put(static_cast<std::uint32_t>(e.gaps.size()));
  for (const auto& g : e.gaps) writer.put(g.from).put(g.to).put(g.epoch);
  writer.put(e.snapshot_offset).put(static_cast<std::uint32_t>(e.snapshot.size())).put_bytes(e.snapshot);
  writer.put(static_cast<std::uint16_t>(e.marks.size()));
  for (const auto& m : e.marks) writer.put(m.name_second).put(m.base_offset);
  auto bytes = writer.take();
  return bytes + be_writer{}.put(crc32c(as_byte_view(bytes))).take();
}

std::optional<partition_entry> decode_partition_entry(std::string_view content) {
  be_reader reader{as_byte_view(content)};
  const auto stored_version = reader.get<std::uint8_t>();
  if (stored_version != partition_entry_version && stored_version != version_without_marks) return std::nullopt;
  partition_entry e;
  e.topic_id = reader.get_uuid();
  e.partition = reader.get<std::int32_t>();
  e.log_start = reader.get<std::int64_t>();
  e.next_offset = reader.get<std::int64_t>();
  e.next_message_number = reader.get<std::int64_t>();
  e.last_ts_ns = reader.get<std::int64_t>();
  if (e.log_start < 0 || e.next_offset < e.log_start || e.next_message_number < 0) return std::nullopt;
  if (!read_lists(reader, e)) return std::nullopt;
  e.snapshot_offset = reader.get<std::int64_t>();
  auto snapshot = reader.take(reader.get<std::uint32_t>());
  if (!reader.ok()) return std::nullopt;
  e.snapshot.assign(snapshot.begin(), snapshot.end());
  if (stored_version == version_without_marks) return e;
  if (!read_marks(reader, e)) return std::nullopt;
  const auto covered = content.size() - reader.left();
  if (reader.get<std::uint32_t>() != crc32c(as_byte_view(content.substr(0, covered))) || !reader.ok())
    return std::nullopt;
  return e;
}

}  // namespace tidegate::smq
