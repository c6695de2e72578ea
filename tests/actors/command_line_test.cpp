#define CAF_SUITE command_line
#include "actors/command_line.hpp"

#include "caf/test/unit_test.hpp"

using tidegate::actors::run_command_line;

CAF_TEST(usage errors and bad configs exit with 2) {
  CAF_CHECK_EQUAL(run_command_line({}), 2);
  CAF_CHECK_EQUAL(run_command_line({"dance"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"serve", "--nonsense"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"serve", "--listen", "nowhere", "--set", "x=1"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"serve", "--set"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"check-config", "/nowhere"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"soak", "--cycles", "0"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"soak", "--groups", "many"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"soak", "--set", "kafka.num.partition=1"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"soak", "--listen", "127.0.0.1:0"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"soak", "--engine", "seaweedmq"}), 2);
  CAF_CHECK_EQUAL(run_command_line({"soak", "--brokers", "127.0.0.1:9092", "--data-dir", "here"}), 2);
}

CAF_TEST(usage errors of the operator commands exit with 2 before anything is connected) {
  const std::vector<std::vector<std::string>> wrong = {
    {"topics"}, {"groups"}, {"topics", "dance"}, {"completion"}, {"completion", "dos"},
    {"release"}, {"release", "--group", ""}, {"release", "--group", "g", "--topic", "t"},
    {"release", "--group", "g", "--partition", "1"}, {"release", "--topic", "t", "--partition", "-1"},
    {"release", "--group", "g", "--admin", "nowhere"},
    {"groups", "reset", "g", "--to-latest"},
    {"groups", "reset", "g", "--topic", "t"},
    {"groups", "reset", "--topic", "t", "--to-latest"},
    {"groups", "reset", "g", "--topic", "t", "--to-latest", "--to-earliest"},
    {"groups", "reset", "g", "--topic", "t", "--all-topics", "--to-latest"},
    {"groups", "reset", "g", "--topic", "t:x", "--to-latest"},
    {"groups", "reset", "g", "--topic", "t", "--to-offset", "-1"},
    {"groups", "reset", "g", "--topic", "t", "--to-offset", "many"},
    {"groups", "reset", "g", "--topic", "t", "--to-datetime", "yesterday"},
    {"groups", "reset", "g", "--topic", "t", "--by-duration", "1h"},
  };
  for (const auto& words : wrong) CAF_CHECK_EQUAL(run_command_line(words), 2);
}

CAF_TEST(help and version and a good config exit with 0) {
  CAF_CHECK_EQUAL(run_command_line({"--help"}), 0);
  CAF_CHECK_EQUAL(run_command_line({"--version"}), 0);
  CAF_CHECK_EQUAL(run_command_line({"soak", "--help"}), 0);
  CAF_CHECK_EQUAL(run_command_line({"topics", "--help"}), 0);
  CAF_CHECK_EQUAL(run_command_line({"groups", "reset", "--help"}), 0);
  CAF_CHECK_EQUAL(run_command_line({"completion", "bash"}), 0);
  CAF_CHECK_EQUAL(run_command_line({"check-config", TIDEGATE_SOURCE_DIR "/configs/tidegate.toml"}), 0);
}
