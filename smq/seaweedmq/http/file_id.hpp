#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::smq::seaweedmq {

/// Where SeaweedFS keeps a chunk. As text: "volume,KEYCOOKIE", the volume decimal, key and cookie lower-case hex, the
/// key without its leading zero bytes, the cookie always 8 digits. This computed form is what entries name: a filer
/// does not understand the short form "first_3".
struct file_id {
  std::uint32_t volume = 0;
  std::uint64_t key = 0;  // never 0
  std::uint32_t cookie = 0;
  friend bool operator==(const file_id&, const file_id&) = default;
};

std::string to_string(const file_id& id);

/// Errors: nullopt for what the volume server would not read as a file id, and for the form "first_3".
std::optional<file_id> parse_file_id(std::string_view text);

}  // namespace tidegate::smq::seaweedmq
