#include "actors/cli/admin/run_command.hpp"

#include <unistd.h>

#include <iostream>

namespace tidegate::cli {

int run_command(const cluster_command& command, const cluster_options& where, bool is_json) {
  const output to{std::cout, std::cerr, is_json, isatty(STDERR_FILENO) != 0};
  try {
    cluster at(where);
    const auto code = command(at, to);
    if (!std::cout.flush()) return to.report("standard output cannot be written"), 1;
    return code;
  } catch (const usage_failure& why) {
    to.report(why.what());
    return 2;
  } catch (const kafka_failure& why) {
    to.report(why.what());
    return 1;
  }
}

}  // namespace tidegate::cli
