// A file of options, one option and an address as an operator may write them: problems are told, nothing is thrown.
// Input: count of bytes of a "key=value" 1, that text, then the file.
#include "actors/settings/options.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

using namespace tidegate;
using namespace tidegate::actors;

void fuzz::run(byte_view input) {
  dice from(input);
  const std::size_t wanted = from.byte();
  const auto size = std::min(wanted, from.rest().size());
  const auto text = as_text(from.rest());
  host_port address;
  if (parse_host_port(text.substr(0, size), address)) require(!address.host.empty(), "an address has a host");
  const auto loaded = parse_options(text.substr(size), "file", {parse_setting("--set", text.substr(0, size))});
  if (!loaded.problems.empty()) return;
  const auto written = options_as_toml(loaded.value);
  const auto again = parse_options(written, "written", {});
  require(again.problems.empty(), "what we write is read");
  require(options_as_toml(again.value) == written, "options survive the round trip");
}
