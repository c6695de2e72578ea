#pragma once

#include "messages/common/uuid.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The entries below own_root that decide who may write (design §5.2, §8, §10).
/// Every layout starts with a version byte; unknown trailing bytes are ignored, so that N-1 reads N.
namespace tidegate::smq {

/// Draws 128 random bits. Called under the mutex of the caller: it must be thread-safe and must not call back.
using uuid_source = std::function<uuid()>;

/// A thread-safe source that is seeded by the operating system.
uuid_source system_uuid_source();

std::string view_path();
std::string cluster_path();
std::string producer_ids_path();
std::string node_directory(const uuid& incarnation);
std::string fence_path(const uuid& incarnation, std::uint32_t shard);

/// 32 lower-case hex digits.
std::string to_hex(const uuid& id);

/// 22 characters of URL-safe base64 without padding, as Kafka writes ids.
std::string to_base64url(const uuid& id);

/// The content of one fence entry. Whoever's incarnation it holds may write with it as the condition.
struct fence {
  uuid incarnation;         // the owner, or whoever took it over
  std::uint32_t epoch = 1;  // + 1 at a take-over
  std::uint64_t seq = 0;    // + 1 with every transaction
  uuid transaction_id;      // random: no content is ever used twice
  std::string previous;     // after a take-over the last content of the owner's chain; empty: none
  friend bool operator==(const fence&, const fence&) = default;
};

/// One node as the view lists it. `addresses` are "host:port", at most 65535 bytes each.
struct member_record {
  uuid incarnation;
  std::int32_t node_id = 1;
  std::uint16_t shard_count = 1;
  std::vector<std::string> addresses;
  friend bool operator==(const member_record&, const member_record&) = default;
};

enum class view_state : std::uint8_t { pending = 0, active = 1 };

struct view_entry {
  std::uint64_t version = 0;
  view_state state = view_state::active;
  uuid change_id;  // drawn for this version; members acknowledge it
  std::vector<member_record> members;
  friend bool operator==(const view_entry&, const view_entry&) = default;
};

std::string encode(const fence& value);
std::string encode(const member_record& value);
std::string encode(const view_entry& value);

/// Errors: nullopt = damaged; never to be taken for "absent".
std::optional<fence> decode_fence(std::string_view content);
std::optional<member_record> decode_member(std::string_view content);
std::optional<view_entry> decode_view(std::string_view content);

}  // namespace tidegate::smq
