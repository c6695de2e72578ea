#include "smq/fencing/formats.hpp"

#include "smq/fencing/field_io.hpp"
#include "smq/names.hpp"

#include <openssl/rand.h>

#include <cassert>
#include <limits>
#include <stdexcept>

namespace tidegate::smq {

namespace {

constexpr std::uint8_t format_version = 1;

// Version 0 was never written: such a content is damage.
bool starts_well(field_reader& in) { return in.integer<std::uint8_t>() != 0 && !in.failed(); }

}  // namespace

uuid_source system_uuid_source() {
  return [] {
    uuid id;
    auto* bytes = reinterpret_cast<unsigned char*>(id.bytes.data());
    // Without randomness two transactions could look alike: better to stop than to go on.
    if (RAND_bytes(bytes, static_cast<int>(id.bytes.size())) != 1) throw std::runtime_error("no random numbers");
    return id;
  };
}

std::string view_path() { return std::string{own_root} + "/view"; }
std::string cluster_path() { return std::string{own_root} + "/cluster"; }
std::string producer_ids_path() { return std::string{own_root} + "/producer-ids"; }

std::string node_directory(const uuid& incarnation) { return std::string{own_root} + "/nodes/" + to_hex(incarnation); }

std::string fence_path(const uuid& incarnation, std::uint32_t shard) {
  return node_directory(incarnation) + "/" + std::to_string(shard);
}

std::string to_hex(const uuid& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (auto b : id.bytes) {
    out.push_back(digits[static_cast<std::size_t>(b >> 4)]);
    out.push_back(digits[static_cast<std::size_t>(b & std::byte{15})]);
  }
  return out;
}

std::string to_base64url(const uuid& id) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (auto b : id.bytes) {
    bits = bits << 8 | static_cast<std::uint32_t>(b);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(digits[bits >> count & 63]);
    }
  }
  if (count > 0) out.push_back(digits[bits << (6 - count) & 63]);
  return out;
}

std::string encode(const fence& value) {
  field_writer out;
  out.integer(format_version).id(value.incarnation).integer(value.epoch).integer(value.seq).id(value.transaction_id);
  return out.text(value.previous).take();
}

std::optional<fence> decode_fence(std::string_view content) {
  field_reader in{content};
  if (!starts_well(in)) return std::nullopt;
  fence value;
  value.incarnation = in.id();
  value.epoch = in.integer<std::uint32_t>();
  value.seq = in.integer<std::uint64_t>();
  value.transaction_id = in.id();
  value.previous = in.text();
  if (in.failed()) return std::nullopt;
  return value;
}

std::string encode(const member_record& value) {
  assert(value.addresses.size() <= std::numeric_limits<std::uint16_t>::max());
  field_writer out;
  out.integer(format_version).id(value.incarnation).integer(value.node_id).integer(value.shard_count);
  out.integer(static_cast<std::uint16_t>(value.addresses.size()));
  for (const auto& address : value.addresses) out.text(address);
  return out.take();
}

std::optional<member_record> decode_member(std::string_view content) {
  field_reader in{content};
  if (!starts_well(in)) return std::nullopt;
  member_record value;
  value.incarnation = in.id();
  value.node_id = in.integer<std::int32_t>();
  value.shard_count = in.integer<std::uint16_t>();
  auto count = in.integer<std::uint16_t>();
  for (unsigned i = 0; i < count && !in.failed(); ++i) value.addresses.emplace_back(in.text());
  if (in.failed()) return std::nullopt;
  return value;
}

std::string encode(const view_entry& value) {
  field_writer out;
  out.integer(format_version).integer(value.version).integer(static_cast<std::uint8_t>(value.state));
  out.id(value.change_id).integer(static_cast<std::uint16_t>(value.members.size()));
  // Each with its length: a member that a newer program wrote may be longer than we know.
  for (const auto& member : value.members) out.text(encode(member));
  return out.take();
}

std::optional<view_entry> decode_view(std::string_view content) {
  field_reader in{content};
  if (!starts_well(in)) return std::nullopt;
  view_entry value;
  value.version = in.integer<std::uint64_t>();
  auto state = in.integer<std::uint8_t>();
  if (state > static_cast<std::uint8_t>(view_state::active)) return std::nullopt;
  value.state = static_cast<view_state>(state);
  value.change_id = in.id();
  auto count = in.integer<std::uint16_t>();
  for (unsigned i = 0; i < count && !in.failed(); ++i) {
    auto member = decode_member(in.text());
    if (!member) return std::nullopt;
    value.members.push_back(std::move(*member));
  }
  if (in.failed()) return std::nullopt;
  return value;
}

}  // namespace tidegate::smq
