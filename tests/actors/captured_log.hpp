#pragma once

#include "actors/log.hpp"

#include "caf/test/unit_test.hpp"

#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <string>

namespace tidegate::test {

/// What is logged while it lives.
class captured_log {
 public:
  explicit captured_log(std::string_view level = "error") : file_(std::tmpfile()), stderr_(::dup(STDERR_FILENO)) {
    CAF_REQUIRE(file_ != nullptr && stderr_ >= 0);
    ::dup2(::fileno(file_), STDERR_FILENO);
    actors::start_log(level, "text");
  }
  ~captured_log() {
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
    std::fclose(file_);
  }
  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;

  [[nodiscard]] std::size_t lines_with(const std::string& text) const {
    std::string all(1 << 16, '\0');
    const auto size = ::pread(::fileno(file_), all.data(), all.size(), 0);
    all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    std::size_t count = 0;
    std::istringstream lines{all};
    for (std::string line; std::getline(lines, line);) count += line.find(text) != std::string::npos ? 1 : 0;
    return count;
  }

 private:
  std::FILE* file_;
  int stderr_;
};

}  // namespace tidegate::test
