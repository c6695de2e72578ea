#define CAF_SUITE similar_names
#include "actors/core/similar_names.hpp"

#include "caf/test/unit_test.hpp"

using tidegate::core::similar_names;

CAF_TEST(dots and underscores are the same and nothing else is) {
  similar_names all;
  for (const auto* name : {"a.b", "a.b", "x", "."}) all.add(name);
  CAF_CHECK(all.other_than("a_b") == "a.b");
  CAF_CHECK(all.other_than("_") == ".");
  for (const auto* name : {"a.b", "a-b", "ab", "a.b.", "x", "X", ""}) CAF_CHECK(!all.other_than(name));
  all.add("a_b");
  CAF_CHECK(all.other_than("a.b") == "a_b");
  CAF_CHECK(!all.other_than("a.b", [](const std::string& name) { return name == "a.b"; }));
  all.remove("a.b");
  all.remove("x");
  CAF_CHECK(!all.other_than("a_b"));
  all.remove("a_b");
  all.remove("a_b");
  CAF_CHECK(!all.other_than("a.b"));
}
