#include "actors/cli/admin/output.hpp"

#include "actors/cli/admin/table.hpp"

#include <algorithm>
#include <chrono>
#include <ostream>

namespace tidegate::cli {

std::string progress_bar(const std::string& what, std::size_t done, std::size_t total) {
  constexpr std::size_t width = 30;
  const auto full = total == 0 ? width : std::min(done, total) * width / total;
  return "[" + std::string(full, '#') + std::string(width - full, ' ') + "] " + std::to_string(done) + "/" +
         std::to_string(total) + " " + what;
}

void output::report(const std::string& line) const {
  if (is_terminal) err << "\r\x1b[K";  // a bar may stand there
  err << "tidegate: " << printable(line) << std::endl;
}

std::function<void(std::size_t)> output::progress(const std::string& what, std::size_t total) const {
  using clock = std::chrono::steady_clock;
  if (!is_terminal) return [](std::size_t) {};
  // Nothing is shown of what is done within the first moment.
  return [&to = err, what, total, next = clock::now() + std::chrono::milliseconds(300), shown = false](
           std::size_t done) mutable {
    const auto now = clock::now();
    if (done >= total && shown) to << "\r\x1b[K" << std::flush;
    if (done >= total || now < next) return;
    next = now + std::chrono::milliseconds(100);
    shown = true;
    to << '\r' << progress_bar(what, done, total) << "\x1b[K" << std::flush;
  };
}

}  // namespace tidegate::cli
