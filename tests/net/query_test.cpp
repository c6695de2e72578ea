#define CAF_SUITE query
#include "net/query.hpp"

#include "caf/test/unit_test.hpp"

using tidegate::net::parse_query;

CAF_TEST(fields are what they were before they were escaped) {
  const auto found = parse_query("topic=a%20b%2fc+d&empty=&%61=%C3%A9%00");
  CAF_REQUIRE(found.has_value());
  CAF_CHECK_EQUAL(found->size(), 3u);
  CAF_CHECK_EQUAL(found->at("topic"), "a b/c d");
  CAF_CHECK_EQUAL(found->at("empty"), "");
  CAF_CHECK_EQUAL(found->at("a"), std::string("\xC3\xA9\0", 3));
  CAF_CHECK(parse_query("")->empty());
}

CAF_TEST(what is no query is none) {
  for (const auto* wrong : {"a", "a=1&b", "a=1&a=2", "a=%", "a=%1", "a=%1g", "a=%-1", "%=1", "&", "a=1&&b=2"})
    CAF_CHECK(!parse_query(wrong).has_value());
}
