#include "smq/positions/position_json.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr std::size_t longest_content = 512 * 1024;  // 65535 bytes of metadata, each escaped in 6, and the rest
constexpr int deepest_nesting = 16;                  // of unknown fields; SMQ writes none

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                           : first >= 0xE0 && first <= 0xEF ? 3
                           : first >= 0xF0 && first <= 0xF4 ? 4
                                                            : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || outside ? 0 : size;
}

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
    const auto size = utf8_length(text);
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

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (point >> 6)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (point >> 12)));
    out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (point >> 18)));
    out.push_back(static_cast<char>(0x80 | ((point >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  }
}

/// A cursor over JSON; every function answers false (or nullopt) at the first thing that is not as it must be.
class json_cursor {
 public:
  explicit json_cursor(std::string_view text) : rest_(text) {}

  bool take(char wanted) {
    skip_blanks();
    if (rest_.empty() || rest_[0] != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

  std::optional<std::int64_t> integer() {
    skip_blanks();
    const bool negative = !rest_.empty() && rest_[0] == '-';
    const auto digits = rest_.substr(negative ? 1 : 0);
    if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (!rest_.empty() && (rest_[0] == '.' || rest_[0] == 'e' || rest_[0] == 'E')) return std::nullopt;
    return value;
  }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
      if (c != '\\') {
        out.push_back(c);
      } else if (!escape(out)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  bool skip_value(int depth = 0) {
    skip_blanks();
    if (rest_.empty() || depth > deepest_nesting) return false;
    if (rest_[0] == '"') return string().has_value();
    if (rest_[0] == '{') return skip_list('{', '}', depth);
    if (rest_[0] == '[') return skip_list('[', ']', depth);
    for (std::string_view word : {"true", "false", "null"}) {
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return true;
      }
    }
    return skip_number();
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n' || rest_[0] == '\r'))
      rest_.remove_prefix(1);
  }

  bool skip_number() {
    const auto size = rest_.find_first_not_of("0123456789+-.eE");
    const auto number = rest_.substr(0, size);
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error == std::errc::invalid_argument || end != number.data() + number.size()) return false;
    rest_.remove_prefix(number.size());
    return true;
  }

  bool skip_list(char open, char close, int depth) {
    if (!take(open)) return false;
    if (take(close)) return true;
    do {
      if (open == '{' && !(string() && take(':'))) return false;
      if (!skip_value(depth + 1)) return false;
    } while (take(','));
    return take(close);
  }

  std::optional<std::uint32_t> four_hex() {
    std::uint32_t value = 0;
    if (rest_.size() < 4) return std::nullopt;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, value, 16);
    if (error != std::errc{} || end != rest_.data() + 4) return std::nullopt;
    rest_.remove_prefix(4);
    return value;
  }

  bool unicode_escape(std::string& out) {
    auto point = four_hex();
    if (!point) return false;
    if (*point >= 0xD800 && *point <= 0xDBFF && rest_.starts_with("\\u")) {
      const auto before = rest_;
      rest_.remove_prefix(2);
      auto low = four_hex();
      if (!low) return false;
      if (*low >= 0xDC00 && *low <= 0xDFFF) {
        append_utf8(out, 0x10000 + ((*point - 0xD800) << 10) + (*low - 0xDC00));
        return true;
      }
      rest_ = before;
    }
    // A lone surrogate is what Go reads as U+FFFD.
    append_utf8(out, *point >= 0xD800 && *point <= 0xDFFF ? 0xFFFD : *point);
    return true;
  }

  bool escape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == 'u') return unicode_escape(out);
    constexpr std::string_view codes = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    const auto index = codes.find(c);
    if (index == std::string_view::npos) return false;
    out.push_back(meant[index]);
    return true;
  }

  std::string_view rest_;
};

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
