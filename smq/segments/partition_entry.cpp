#include "smq/segments/partition_entry.hpp"

#include "smq/segments/big_endian.hpp"

namespace tidegate::smq {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t epoch_bytes = 12;
constexpr std::size_t gap_bytes = 20;

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

}  // namespace

std::string encode_partition_entry(const partition_entry& e) {
  be_writer writer;
  writer.put(version).put(e.topic_id).put(e.partition).put(e.log_start).put(e.next_offset);
  writer.put(e.next_message_number).put(e.last_ts_ns);
  writer.put(static_cast<std::uint32_t>(e.epochs.size()));
  for (const auto& s : e.epochs) writer.put(s.epoch).put(s.start_offset);
  writer.put(static_cast<std::uint32_t>(e.gaps.size()));
  for (const auto& g : e.gaps) writer.put(g.from).put(g.to).put(g.epoch);
  writer.put(e.snapshot_offset).put(static_cast<std::uint32_t>(e.snapshot.size())).put_bytes(e.snapshot);
  return writer.take();
}

std::optional<partition_entry> decode_partition_entry(std::string_view content) {
  be_reader reader{as_byte_view(content)};
  if (reader.get<std::uint8_t>() != version) return std::nullopt;
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
  return e;
}

}  // namespace tidegate::smq
