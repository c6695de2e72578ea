#define CAF_SUITE admin_completion
#include "actors/cli/admin/commands.hpp"
#include "actors/cli/admin/completion.hpp"

#include <CLI/CLI.hpp>

#include "caf/test/unit_test.hpp"

#include <algorithm>

using namespace tidegate::cli;

namespace {

struct fixture {
  CLI::App program{"", "tidegate"};
  admin_commands commands{program};

  std::string words(const std::vector<std::string>& typed) {
    std::string text;
    for (const auto& one : complete(program, typed).words) text += (text.empty() ? "" : " ") + one;
    return text;
  }

  completion::names live(const std::vector<std::string>& typed) { return complete(program, typed).live; }
};

}  // namespace

CAF_TEST_FIXTURE_SCOPE(completion_tests, fixture)

CAF_TEST(commands are completed) {
  CAF_CHECK_EQUAL(words({""}), "groups topics");
  CAF_CHECK_EQUAL(words({"to"}), "topics");
  CAF_CHECK_EQUAL(words({"groups", ""}), "delete describe lag list reset");
  CAF_CHECK_EQUAL(words({"groups", "de"}), "delete describe");
  CAF_CHECK_EQUAL(words({"topics", ""}), "alter create delete describe list");
  CAF_CHECK_EQUAL(words({"dance", "x"}), "");
  CAF_CHECK_EQUAL(words({}), "");
}

CAF_TEST(options are completed also those in groups of options) {
  CAF_CHECK_EQUAL(words({"groups", "reset", "g", "--to-"}), "--to-current --to-datetime --to-earliest --to-latest "
                                                          "--to-offset");
  CAF_CHECK_EQUAL(words({"groups", "list", "--st"}), "--state");
  CAF_CHECK_EQUAL(words({"topics", "alter", "t", "--de"}), "--delete-config");
  CAF_CHECK_EQUAL(words({"topics", "list", "--st"}), "");
}

CAF_TEST(values of options are completed) {
  CAF_CHECK_EQUAL(words({"groups", "list", "--state", "E"}), "Empty");
  CAF_CHECK_EQUAL(words({"groups", "list", "--json", "E"}), "");
  CAF_CHECK_EQUAL(words({"groups", "list", "--bootstrap", ""}), "");
}

CAF_TEST(names come from the cluster where names belong) {
  using enum completion::names;
  CAF_CHECK(live({"groups", "describe", ""}) == groups);
  CAF_CHECK(live({"groups", "describe", "a", "b"}) == groups);
  CAF_CHECK(live({"topics", "delete", "--json", ""}) == topics);
  CAF_CHECK(live({"topics", "alter", "--partitions", "3", ""}) == topics);
  CAF_CHECK(live({"topics", "alter", "t", "--config", ""}) == none);
  CAF_CHECK(live({"groups", "reset", "g", "--topic", ""}) == topics);
  CAF_CHECK(live({"groups", "reset", "g", "--bootstrap", ""}) == none);
  CAF_CHECK(live({"groups", "reset", "g", "--"}) == none);
  CAF_CHECK(live({"groups", "list", ""}) == none);
  CAF_CHECK(live({"groups", ""}) == none);
}

CAF_TEST(the value of an option is found in both spellings) {
  CAF_CHECK_EQUAL(option_value({"groups", "--bootstrap", "h:1", ""}, "--bootstrap", "d"), "h:1");
  CAF_CHECK_EQUAL(option_value({"groups", "--bootstrap=h:1"}, "--bootstrap", "d"), "h:1");
  CAF_CHECK_EQUAL(option_value({"groups", "--bootstraps=h:1"}, "--bootstrap", "d"), "d");
  CAF_CHECK_EQUAL(option_value({"--bootstrap"}, "--bootstrap", "d"), "d");
}

CAF_TEST(names that a shell would run or split are not offered) {
  for (const auto* good : {"orders", "a.b-c_d", "urn:x@y"}) CAF_CHECK(is_plain(good));
  for (const auto* bad : {"", "a b", "$(reboot)", "`x`", "a;b", "a'b", "a\nb", "*", "gr\xC3\xBC\xC3\x9F", "~x", "a&b"})
    CAF_CHECK(!is_plain(bad));
}

CAF_TEST_FIXTURE_SCOPE_END()
