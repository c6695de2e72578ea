#define CAF_SUITE request_order
#include "actors/connection/request_order.hpp"
#include "messages/common/utf16_length.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::actors;
using kafka::api_key;

namespace {

bool may_follow(api_key next, std::initializer_list<api_key> open) {
  request_order order;
  for (const auto one : open) order.begin(kind_of(one));
  return order.may_begin(kind_of(next));
}

}  // namespace

CAF_TEST(what a request sees was there before it) {
  for (const auto next : {api_key::list_offsets, api_key::fetch, api_key::delete_records, api_key::describe_groups,
                          api_key::delete_groups, api_key::offset_fetch}) {
    CAF_CHECK(!may_follow(next, {api_key::produce}));
    CAF_CHECK(!may_follow(next, {api_key::offset_commit}));
    CAF_CHECK(!may_follow(next, {api_key::fetch, api_key::create_topics}));
  }
  for (const auto next : {api_key::produce, api_key::offset_commit, api_key::metadata, api_key::join_group})
    CAF_CHECK(!may_follow(next, {api_key::create_topics}));
}

CAF_TEST(what keeps its order by itself does not wait) {
  CAF_CHECK(may_follow(api_key::produce, {api_key::produce, api_key::produce, api_key::fetch}));
  CAF_CHECK(may_follow(api_key::offset_commit, {api_key::offset_commit, api_key::produce}));
  CAF_CHECK(may_follow(api_key::fetch, {api_key::fetch, api_key::join_group}));
  CAF_CHECK(may_follow(api_key::heartbeat, {api_key::join_group, api_key::offset_commit}));
  CAF_CHECK(may_follow(api_key{-1}, {api_key::produce}));
  request_order order;
  order.begin(request_kind::change);
  order.end(request_kind::change);
  CAF_CHECK(order.may_begin(request_kind::read));
}

CAF_TEST(a length in UTF16 is what Java counts) {
  CAF_CHECK_EQUAL(utf16_length(""), 0u);
  CAF_CHECK_EQUAL(utf16_length("abc"), 3u);
  CAF_CHECK_EQUAL(utf16_length("\xc3\xa9\xe2\x82\xac"), 2u);      // é €
  CAF_CHECK_EQUAL(utf16_length("\xf0\x9f\x98\x80"), 2u);          // outside the first plane: a pair
  CAF_CHECK_EQUAL(utf16_length("\x80\xff"), 2u);                  // no UTF-8
}
