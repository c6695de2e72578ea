#include "smq/seaweedmq/http/file_id.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::size_t cookie_digits = 8;
constexpr std::size_t most_digits = 24;  // 8 bytes of key, 4 of cookie

template <class Integer>
bool read_all(std::string_view text, int base, Integer& into) {
  const auto* end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, into, base);
  return failed == std::errc{} && stopped == end;
}

}  // namespace

std::string to_string(const file_id& id) {
  std::array<char, 48> text{};
  int key_digits = 2;
  while (key_digits < 16 && id.key >> (4 * key_digits) != 0) key_digits += 2;
  const int size = std::snprintf(text.data(), text.size(), "%u,%0*llx%08x", id.volume, key_digits,
                                 static_cast<unsigned long long>(id.key), id.cookie);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<file_id> parse_file_id(std::string_view text) {
  const auto comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto volume = text.substr(0, comma);
  const auto digits = text.substr(comma + 1);
  if (digits.size() <= cookie_digits || digits.size() > most_digits) return std::nullopt;
  const auto key = digits.substr(0, digits.size() - cookie_digits);
  file_id id;
  if (!read_all(volume, 10, id.volume) || !read_all(key, 16, id.key)) return std::nullopt;
  if (!read_all(digits.substr(key.size()), 16, id.cookie) || id.key == 0) return std::nullopt;
  return id;
}

}  // namespace tidegate::smq::seaweedmq
