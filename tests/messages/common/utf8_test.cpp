#define CAF_SUITE utf8
#include "messages/common/utf8.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <cstdint>
#include <string>
#include <vector>

using namespace tidegate;

namespace {

struct row {
  std::string bytes;
  std::string java;  // new String(bytes, UTF_8) of OpenJDK 17; '?' is U+FFFD
};

const row rows[] = {
  {"caf\xE9", "caf?"},
  {"\xE9t\xE9", "?t?"},
  {"\x80", "?"},
  {"\x80\xBF", "??"},
  {"\xC0\xAF", "??"},
  {"\xC1\xBF", "??"},
  {"\xF5\x80\x80\x80", "????"},
  {"\xF8\x88\x80\x80\x80", "?????"},
  {"\xFE\xFF", "??"},
  // cut short, before another character and at the end
  {"a\xC3z", "a?z"},
  {"a\xC3", "a?"},
  {"\xC3\xC3\xA9", "?\xC3\xA9"},
  {"a\xE2\x82z", "a?z"},
  {"a\xE2\x82", "a?"},
  {"\xF0\x9Fz", "?z"},
  {"\xF0\x9F\x98z", "?z"},
  {"\xF0\x9F\x98", "?"},
  {"\xF0\x9F\x98\xC3\xA9", "?\xC3\xA9"},
  {"\xF0\x9F\x98\xF0\x9F\x98\x80", "?\xF0\x9F\x98\x80"},
  // overlong
  {"\xE0\x80\x80", "???"},
  {"\xE0\x9F\xBF", "???"},
  {"\xE0\x9F", "??"},
  {"\xF0\x80\x80\x80", "????"},
  {"\xF0\x8F\xBF\xBF", "????"},
  // above U+10FFFF
  {"\xF4\x90\x80\x80", "????"},
  {"\xF4\x90", "??"},
  // surrogates: Unicode's way would be one for each byte
  {"\xED\xA0\x80", "?"},
  {"\xED\xBF\xBF", "?"},
  {"\xED\xA0", "?"},
  {"\xED\xA0z", "?z"},
  {"\xED\xA0\xBD\xED\xB8\x80", "??"},
  // more than eight bytes of ASCII around
  {"0123456789\xFF" "0123456789", "0123456789?0123456789"},
  {"01234567\xFF", "01234567?"},
  {"0123456\xE2\x82\xAC\xE2\x82" "0123456\xF0\x9F\x98\x80\x80", "0123456\xE2\x82\xAC?0123456\xF0\x9F\x98\x80?"},
};

std::string with_replacements(const std::string& java) {
  std::string out;
  for (const char c : java) out += c == '?' ? std::string("\xEF\xBF\xBD") : std::string(1, c);
  return out;
}

/// Texts of few different bytes, so that most that begin like a character go on like one for a while.
rc::Gen<std::string> any_text() {
  const std::string bytes = "a\x80\x8F\x90\x9F\xA0\xBF\xC1\xC2\xDF\xE0\xE1\xED\xEF\xF0\xF1\xF4\xF5\xFF";
  return rc::gen::container<std::string>(rc::gen::elementOf(bytes));
}

void append(std::string& out, std::uint32_t point) {
  const auto add = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xC0U | point >> 6U);
  } else if (point < 0x10000) {
    add(0xE0U | point >> 12U);
    add(0x80U | (point >> 6U & 0x3FU));
  } else {
    add(0xF0U | point >> 18U);
    add(0x80U | (point >> 12U & 0x3FU));
    add(0x80U | (point >> 6U & 0x3FU));
  }
  add(0x80U | (point & 0x3FU));
}

bool is_surrogate(std::uint32_t point) { return point >= 0xD800 && point <= 0xDFFF; }

}  // namespace

CAF_TEST(what is no UTF8 is replaced as Java replaces it) {
  for (const auto& [bytes, java] : rows) {
    CAF_MESSAGE(java);
    CAF_CHECK(!is_well_formed_utf8(bytes));
    CAF_CHECK_EQUAL(well_formed_utf8(bytes), with_replacements(java));
    CAF_CHECK_EQUAL(well_formed_utf8("0123456789" + bytes), "0123456789" + with_replacements(java));
  }
}

CAF_TEST(every character is well formed and stays) {
  std::string all;
  for (std::uint32_t point = 0; point <= 0x10FFFF; ++point)
    if (!is_surrogate(point)) append(all, point);
  CAF_CHECK(is_well_formed_utf8(all));
  CAF_CHECK(well_formed_utf8(all) == all);
  CAF_CHECK(is_well_formed_utf8(""));
  CAF_CHECK_EQUAL(well_formed_utf8(""), "");
}

CAF_TEST(the size of a character is that of its bytes and 0 for what is none) {
  const std::uint32_t edges[] = {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
  for (const auto point : edges) {
    std::string text;
    append(text, point);
    CAF_CHECK_EQUAL(utf8_character_size(text + "z"), text.size());
    CAF_CHECK_EQUAL(utf8_character_size(text), text.size());
    if (text.size() > 1) CAF_CHECK_EQUAL(utf8_character_size(text.substr(0, text.size() - 1)), 0u);
  }
  for (const char* none : {"\x80", "\xC1\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80"})
    CAF_CHECK_EQUAL(utf8_character_size(none), 0u);
}

CAF_TEST(a prefix ends where a character does) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t most = 0; most < std::size(ends); ++most)
    CAF_CHECK_EQUAL(utf8_prefix(text, most), text.substr(0, ends[most]));
}

CAF_TEST(what comes out is well formed and not replaced again) {
  CAF_CHECK(rc::check("any bytes", [] {
    const auto text = *any_text();
    const auto out = well_formed_utf8(text);
    RC_ASSERT(is_well_formed_utf8(out));
    RC_ASSERT(well_formed_utf8(out) == out);
    RC_ASSERT(out.size() <= 3 * text.size());
    RC_ASSERT((out == text) == is_well_formed_utf8(text));
  }));
}

CAF_TEST(what is well formed comes out equal whatever follows it) {
  CAF_CHECK(rc::check("characters, then any bytes", [] {
    std::string text;
    for (const auto point : *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0U, 0x110000U)))
      if (!is_surrogate(point)) append(text, point);
    RC_ASSERT(is_well_formed_utf8(text));
    RC_ASSERT(well_formed_utf8(text) == text);
    const auto rest = *any_text();
    // A continuation would belong to nothing: what ends here is whole.
    RC_ASSERT(well_formed_utf8(text + rest) == text + well_formed_utf8(rest));
  }));
}
