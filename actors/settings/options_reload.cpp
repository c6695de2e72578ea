#include "actors/settings/options.hpp"

namespace tidegate::actors {

followed_options follow_options(const options& running, const options& wanted) {
  followed_options made{running, {}, {}};
  auto from = wanted;
  for (const auto& row : option_table()) {
    std::visit(
      [&](const auto at) {
        if (at(made.value) == at(from)) return;
        (row.is_live ? made.changed : made.needs_restart).push_back(row.key);
        if (row.is_live) at(made.value) = at(from);
      },
      row.at);
  }
  return made;
}

}  // namespace tidegate::actors
