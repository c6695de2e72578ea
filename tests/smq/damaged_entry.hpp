#pragma once

#include "smq/embedded/index.hpp"

#include "caf/test/unit_test.hpp"

namespace tidegate::smq::testing {

/// What `change` makes of the bytes that a closed store keeps of the entry at `path`.
inline void change_stored_entry(const std::string& directory, const std::string& path,
                                const std::function<void(std::string&)>& change) {
  std::string error;
  const auto entries = embedded::index::open(directory + "/index", {}, error);
  if (!entries) CAF_FAIL(error);
  auto stored = entries->find(path);
  CAF_REQUIRE(stored.is_ok());
  change(stored.value);
  embedded::window_effects effects;
  effects.records.push_back({path, stored.value});
  effects.next = entries->replay_from();
  CAF_REQUIRE_EQUAL(entries->apply(std::move(effects)), "");
  CAF_REQUIRE_EQUAL(entries->flush(), "");
}

}  // namespace tidegate::smq::testing
