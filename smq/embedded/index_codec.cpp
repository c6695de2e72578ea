#include "smq/embedded/index_codec.hpp"

#include "smq/embedded/binary.hpp"

namespace tidegate::smq::embedded {

namespace {

constexpr std::uint8_t layout_version = 1;

}  // namespace

std::string chunk_key(const chunk_id& id) { return "c" + id; }

std::string volume_key(std::uint32_t volume) {
  std::string key{volume_prefix};
  put_number(key, volume);
  return key;
}

std::string encode_place(const chunk_place& place) {
  std::string out;
  put_number(out, layout_version);
  put_number(out, place.volume);
  put_number(out, place.position);
  put_number(out, place.length);
  put_number(out, place.crc);
  return out;
}

std::string encode_position(const replay_position& at) {
  std::string out;
  put_number(out, layout_version);
  put_number(out, at.volume);
  put_number(out, at.position);
  put_number(out, at.next_seq);
  return out;
}

std::string encode_live_bytes(std::uint64_t bytes) {
  std::string out;
  put_number(out, bytes);
  return out;
}

std::optional<chunk_place> decode_place(std::string_view bytes) {
  binary_reader in{bytes};
  if (in.number<std::uint8_t>() != layout_version) return std::nullopt;
  chunk_place place;
  place.volume = in.number<std::uint32_t>();
  place.position = in.number<std::uint64_t>();
  place.length = in.number<std::uint64_t>();
  place.crc = in.number<std::uint32_t>();
  return in.ok() ? std::optional{place} : std::nullopt;
}

std::optional<replay_position> decode_position(std::string_view bytes) {
  binary_reader in{bytes};
  if (in.number<std::uint8_t>() != layout_version) return std::nullopt;
  replay_position at;
  at.volume = in.number<std::uint32_t>();
  at.position = in.number<std::uint64_t>();
  at.next_seq = in.number<std::uint64_t>();
  return in.ok() ? std::optional{at} : std::nullopt;
}

std::optional<std::pair<std::uint32_t, std::uint64_t>> decode_live_bytes(std::string_view key, std::string_view bytes) {
  binary_reader number{key.substr(volume_prefix.size())};
  binary_reader live{bytes};
  const auto volume = number.number<std::uint32_t>();
  const auto count = live.number<std::uint64_t>();
  if (!number.ok() || !live.ok()) return std::nullopt;
  return std::pair{volume, count};
}

}  // namespace tidegate::smq::embedded
