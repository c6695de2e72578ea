#include "smq/positions/position_json.hpp"

#include "messages/common/utf8.hpp"
#include "smq/json_cursor.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr std::size_t longest_content = 512 * 1024;  // 65535 bytes of metadata, each escaped in 6, and the rest

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  out.append(digits.begin(), end);
}

void append_escape(std::string& out, unsigned char byte) {
  constexpr auto digits = "0123456789abcdef";
  out += "\\u00";
  out.push_back(digits[byte >> 4]);
  out.push_back(digits[byte & 15]);
}

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const auto size = utf8_character_size(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (size == 0) {
      out += "\\ufffd";
    } else if (byte == '"' || byte == '\\') {
      out.push_back('\\');
      out.push_back(text[0]);
    } else if (byte < 0x20 || byte == 0x7F) {
      append_escape(out, byte);
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out.push_back('"');
}

/// Which fields were seen: Go takes the last of two, we take neither.
struct seen_fields {
  bool value = false;
  bool committed_at = false;
  bool metadata = false;
};

bool mark(bool& seen) { return !std::exchange(seen, true); }

bool read_field(json_cursor& in, const std::string& name, position_json& out, seen_fields& seen) {
  if (name == "value") {
    auto value = in.integer();
    out.value = value.value_or(0);
    return value && mark(seen.value);
  }
  if (name == "committed_at") {
    auto value = in.integer();
    out.committed_at_ms = value.value_or(0);
    return value && mark(seen.committed_at);
  }
  if (name == "metadata") {
    auto value = in.string();
    out.metadata = value.value_or("");
    return value && mark(seen.metadata);
  }
  // RESUME ignores both and takes "value" as nanoseconds; so do we.
  if (name == "type" || name == "offset_type") return in.string().has_value();
  return in.skip_value();
}

}  // namespace

std::string write_position_json(const position_json& position) {
  std::string out;
  out.reserve(position.metadata.size() + 136);
  out += R"({"type":"offset","value":)";
  append_integer(out, position.value);
  out += R"(,"offset_type":"EXACT_OFFSET","committed_at":)";
  append_integer(out, position.committed_at_ms);
  out += R"(,"metadata":)";
  append_string(out, position.metadata);
  out.push_back('}');
  return out;
}

std::optional<position_json> read_position_json(std::string_view content) {
  if (content.size() > longest_content) return std::nullopt;
  json_cursor in(content);
  position_json out;
  seen_fields seen;
  if (!in.take('{')) return std::nullopt;
  do {
    auto name = in.string();
    if (!name || !in.take(':') || !read_field(in, *name, out, seen)) return std::nullopt;
  } while (in.take(','));
  if (!in.take('}') || !in.at_end() || !seen.value) return std::nullopt;
  return out;
}

}  // namespace tidegate::smq
