#pragma once

#include <chrono>
#include <string>
#include <utility>

namespace tidegate::cli {

struct http_answer {
  unsigned status = 0;
  std::string body;
};

/// Sends one POST without a body and waits for its answer, of at most 64 KiB. `host`: a name or an address.
/// `patience`: for all of it together, but for what the system itself takes to give up looking for a name.
/// Errors: std::runtime_error, which says why in words. Thread: the caller's; it blocks.
http_answer http_post(const std::string& host, const std::string& port, const std::string& target,
                      const std::pair<std::string, std::string>& header, std::chrono::milliseconds patience);

}  // namespace tidegate::cli
