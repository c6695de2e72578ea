#pragma once

#include "smq/ports.hpp"

namespace tidegate::smq::testing {

/// Where no chunk port is plugged in: a check that needs one fails.
class no_chunks final : public chunk_port {
 public:
  void put(std::vector<shared_bytes>, time_point, completion<result<chunk_id>> done) override {
    done({{status::refused, "no chunk port", 0}, {}});
  }
  void get(const chunk_id&, std::uint64_t, std::uint64_t, time_point, completion<result<shared_bytes>> done) override {
    done({{status::refused, "no chunk port", 0}, {}});
  }
};

}  // namespace tidegate::smq::testing
