#define CAF_SUITE log
#include "actors/log.hpp"

#include "caf/test/unit_test.hpp"

using tidegate::actors::log_line;

CAF_TEST(a text line quotes what is not one plain word) {
  CAF_CHECK_EQUAL(
      log_line("ready", {{"port", 9092}, {"peer", "127.0.0.1:1"}, {"why", "a \"b\"\n"}, {"none", ""}}, false),
      R"(event=ready port=9092 peer=127.0.0.1:1 why="a \"b\"\u000a" none="")");
}

CAF_TEST(a JSON line keeps numbers as numbers) {
  CAF_CHECK_EQUAL(log_line("group loaded", {{"group", "g=1"}, {"took_ms", -3}}, true),
                  R"("event":"group loaded","group":"g=1","took_ms":-3)");
}
