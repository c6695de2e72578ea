#include "smq/json_cursor.hpp"

#include <charconv>

namespace tidegate::smq {

namespace {

constexpr int deepest_nesting = 64;  // a length that is not trusted must not become a depth of calls

bool is_digit(char c) { return c >= '0' && c <= '9'; }

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

}  // namespace

bool json_cursor::take(char wanted) {
  skip_blanks();
  if (rest_.empty() || rest_[0] != wanted) return false;
  rest_.remove_prefix(1);
  return true;
}

bool json_cursor::at_end() {
  skip_blanks();
  return rest_.empty();
}

std::optional<std::int64_t> json_cursor::integer() {
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

std::optional<std::string> json_cursor::string() {
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

bool json_cursor::skip_value(int depth) {
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

void json_cursor::skip_blanks() {
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n' || rest_[0] == '\r'))
    rest_.remove_prefix(1);
}

bool json_cursor::skip_number() {
  const auto size = rest_.find_first_not_of("0123456789+-.eE");
  const auto number = rest_.substr(0, size);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc::invalid_argument || end != number.data() + number.size()) return false;
  rest_.remove_prefix(number.size());
  return true;
}

bool json_cursor::skip_list(char open, char close, int depth) {
  if (!take(open)) return false;
  if (take(close)) return true;
  do {
    if (open == '{' && !(string() && take(':'))) return false;
    if (!skip_value(depth + 1)) return false;
  } while (take(','));
  return take(close);
}

std::optional<std::uint32_t> json_cursor::four_hex() {
  std::uint32_t value = 0;
  if (rest_.size() < 4) return std::nullopt;
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, value, 16);
  if (error != std::errc{} || end != rest_.data() + 4) return std::nullopt;
  rest_.remove_prefix(4);
  return value;
}

bool json_cursor::unicode_escape(std::string& out) {
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

bool json_cursor::escape(std::string& out) {
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

}  // namespace tidegate::smq
