#define CAF_SUITE admin_table
#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/output.hpp"
#include "actors/cli/admin/table.hpp"

#include "caf/test/unit_test.hpp"

#include <sstream>

using namespace tidegate::cli;

namespace {

std::string shown(const text_table& table, std::string_view indent = "") {
  std::ostringstream out;
  table.print(out, indent);
  return out.str();
}

}  // namespace

CAF_TEST(columns are as wide as their widest cell and numbers stand at the right) {
  text_table table({"GROUP", ">LAG", "NOTE"});
  CAF_CHECK(table.is_empty());
  table.add({"billing", "7", "fine"});
  table.add({"b", "12345", ""});
  CAF_CHECK(!table.is_empty());
  CAF_CHECK_EQUAL(shown(table),
                  "GROUP      LAG  NOTE\n"
                  "billing      7  fine\n"
                  "b        12345  -\n");
}

CAF_TEST(widths count characters and no line ends in blanks) {
  text_table table({"NAME", "X"});
  table.add({"\xC3\xBC\xC3\xBC", "1"});
  table.add({"abcdef", "1"});
  CAF_CHECK_EQUAL(shown(table, "  "),
                  "  NAME    X\n"
                  "  \xC3\xBC\xC3\xBC      1\n"
                  "  abcdef  1\n");
  text_table last({"LONG TITLE", "LAST TITLE"});
  last.add({"a", "b"});
  CAF_CHECK_EQUAL(shown(last), "LONG TITLE  LAST TITLE\na           b\n");
}

CAF_TEST(a cell cannot steer the terminal) {
  CAF_CHECK_EQUAL(printable("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
  CAF_CHECK_EQUAL(printable("\xC2\x9B" "2J"), "\\xc2\\x9b2J");
  CAF_CHECK_EQUAL(printable("\x7f"), "\\x7f");
  CAF_CHECK_EQUAL(printable("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8A"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8A");
  text_table table({"A"});
  table.add({"x\ty"});
  CAF_CHECK_EQUAL(shown(table), "A\nx\\x09y\n");
}

CAF_TEST(bytes that are no UTF8 are shown as bytes) {
  const std::vector<std::string> bad = {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE0\x80\x80",
                                        "\xC3", "\xE2\x82", "\x80", "\xF5\x80\x80\x80", "\xF0\x80\x80\x80"};
  for (const auto& one : bad) {
    const auto text = printable("a" + one + "b");
    CAF_CHECK_EQUAL(text.find_first_of("\x80\xC0\xED\xFF"), std::string::npos);
    CAF_CHECK_EQUAL(text.size(), 2 + 4 * one.size());
  }
}

CAF_TEST(the document of a command is JSON with one element a line) {
  std::ostringstream none, two;
  json_list("groups").print(none);
  CAF_CHECK_EQUAL(none.str(), "{\"groups\":[]}\n");
  json_list list("groups");
  list.add({{"group", json_text("a\"\n\xFF")}, {"lag", json_number(std::nullopt)}});
  list.add({{"group", json_text("b")}, {"lag", json_number(7)}});
  list.print(two);
  CAF_CHECK_EQUAL(two.str(),
                  "{\"groups\":[\n"
                  "{\"group\":\"a\\\"\\n\xEF\xBF\xBD\",\"lag\":null},\n"
                  "{\"group\":\"b\",\"lag\":7}\n"
                  "]}\n");
}

CAF_TEST(a bar says how far it is) {
  CAF_CHECK_EQUAL(progress_bar("groups", 0, 4), "[                              ] 0/4 groups");
  CAF_CHECK_EQUAL(progress_bar("groups", 2, 4), "[###############               ] 2/4 groups");
  CAF_CHECK_EQUAL(progress_bar("groups", 9, 4), "[##############################] 9/4 groups");
  CAF_CHECK_EQUAL(progress_bar("groups", 0, 0), "[##############################] 0/0 groups");
}

CAF_TEST(nothing is shown of progress where nobody looks) {
  std::ostringstream out, err;
  const output to{out, err};
  const auto progress = to.progress("groups", 2);
  progress(1);
  progress(2);
  CAF_CHECK_EQUAL(err.str(), "");
  to.report("GROUP_ID_NOT_FOUND: two\nlines");
  CAF_CHECK_EQUAL(err.str(), "tidegate: GROUP_ID_NOT_FOUND: two\\x0alines\n");
}
