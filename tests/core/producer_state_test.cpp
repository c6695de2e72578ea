#define CAF_SUITE producer_state
#include "actors/core/producer_state.hpp"

#include "caf/test/unit_test.hpp"

#include <malloc.h>
#include <rapidcheck.h>
#include <limits>
#include <map>
#include <random>

using namespace tidegate;
using core::produce_decision;
using core::producer_claim;
using core::producer_state;

namespace {

constexpr auto max_sequence = std::numeric_limits<std::int32_t>::max();

producer_claim claim(std::int32_t sequence, std::int32_t count = 1, std::int16_t epoch = 0, std::int64_t id = 7) {
  return {id, epoch, sequence, count};
}

/// Epoch 3: batches of two records from sequence 10 on; the n-th at base offset 100 + 2n and time n.
producer_state with_batches(int count) {
  producer_state out;
  for (int i = 0; i < count; ++i) out.apply(claim(10 + 2 * i, 2, 3), 100 + 2 * i, i);
  return out;
}

}  // namespace

CAF_TEST(batches without a producer id are always appended) {
  producer_state s;
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK(s.decide({-1, -1, -1, 1}).decision == produce_decision::append);
    s.plan({-1, -1, -1, 1}, i, 0);
    s.apply({-1, -1, -1, 1}, i, 0);
  }
  CAF_CHECK_EQUAL(s.size(), 0U);
}

CAF_TEST(decisions by epoch and sequence) {
  using enum produce_decision;
  using enum error_code;
  struct row {
    const char* what;
    producer_claim asked;
    produce_decision decision;
    error_code error;
    std::int64_t base_offset;
  };
  const row rows[] = {
      {"next", claim(24, 5, 3), append, none, -1},
      {"last again", claim(22, 2, 3), duplicate, none, 112},
      {"oldest kept again", claim(14, 2, 3), duplicate, none, 104},
      {"older than kept", claim(12, 2, 3), refuse, out_of_order_sequence_number, -1},
      {"same start, other length", claim(22, 1, 3), refuse, out_of_order_sequence_number, -1},
      {"gap", claim(25, 1, 3), refuse, out_of_order_sequence_number, -1},
      {"old epoch, next sequence", claim(24, 1, 2), refuse, invalid_producer_epoch, -1},
      {"old epoch, old sequence", claim(22, 2, 2), refuse, invalid_producer_epoch, -1},
      {"new epoch from 0", claim(0, 1, 4), append, none, -1},
      {"new epoch not from 0", claim(24, 1, 4), refuse, out_of_order_sequence_number, -1},
      {"unknown producer at any sequence", claim(999, 1, 0, 8), append, none, -1},
  };
  const auto s = with_batches(7);
  for (const auto& r : rows) {
    const auto v = s.decide(r.asked);
    if (v.decision != r.decision || v.error != r.error || v.base_offset != r.base_offset) CAF_FAIL(r.what);
  }
}

CAF_TEST(sequences wrap behind the largest) {
  producer_state s;
  s.apply(claim(max_sequence - 1, 2), 0, 0);
  CAF_CHECK(s.decide(claim(0, 3)).decision == produce_decision::append);
  CAF_CHECK(s.decide(claim(1, 3)).error == error_code::out_of_order_sequence_number);
  s.apply(claim(0, 3), 2, 0);
  producer_state over;
  over.apply(claim(max_sequence, 3), 0, 0);  // max, 0, 1
  CAF_CHECK(over.decide(claim(max_sequence, 3)).decision == produce_decision::duplicate);
  CAF_CHECK(over.decide(claim(2, 1)).decision == produce_decision::append);
}

CAF_TEST(a duplicate of an undecided batch waits and an abandoned one may come again) {
  auto s = with_batches(1);
  s.plan(claim(12, 2, 3), 102, 5);
  s.plan(claim(14, 2, 3), 104, 6);
  auto v = s.decide(claim(12, 2, 3));
  CAF_CHECK(v.decision == produce_decision::duplicate_undecided);
  CAF_CHECK_EQUAL(v.base_offset, 102);
  CAF_CHECK(s.decide(claim(10, 2, 3)).decision == produce_decision::duplicate);
  CAF_CHECK(s.decide(claim(16, 2, 3)).decision == produce_decision::append);
  s.apply(claim(12, 2, 3), 102, 5);
  CAF_CHECK(s.decide(claim(12, 2, 3)).decision == produce_decision::duplicate);
  CAF_CHECK(s.decide(claim(14, 2, 3)).decision == produce_decision::duplicate_undecided);
  s.plan(claim(0, 1, 0, 9), 106, 6);
  s.abandon_undecided();
  CAF_CHECK(s.decide(claim(14, 2, 3)).decision == produce_decision::append);
}

CAF_TEST(of the batches that nobody looked at the earliest of the newest epoch comes first) {
  producer_state s;
  s.give_up({-1, -1, -1, 1}, 1000);
  CAF_CHECK_EQUAL(s.size(), 0U);
  s.give_up(claim(7, 2, 3), 1000);
  s.give_up(claim(5, 2, 3), 1000);
  s.give_up(claim(9, 2, 3), 1000);
  s.give_up(claim(1, 2, 2), 1000);
  CAF_CHECK(s.decide(claim(7, 2, 3)).error == error_code::out_of_order_sequence_number);
  CAF_CHECK(s.decide(claim(5, 2, 3)).decision == produce_decision::append);
  CAF_CHECK(s.decide(claim(3, 2, 3)).decision == produce_decision::append);  // one before was waiting, not given up
  s.give_up(claim(0, 1, 4), 1000);
  CAF_CHECK(s.decide(claim(5, 2, 3)).error == error_code::invalid_producer_epoch);
  CAF_CHECK(s.decide(claim(0, 1, 4)).decision == produce_decision::append);
  auto known = with_batches(1);
  known.give_up(claim(100, 1), 1000);
  CAF_CHECK(known == with_batches(1));
}

CAF_TEST(a producer whose first batch was given up begins with that one) {
  producer_state s;
  s.plan(claim(5, 2, 3), 0, 1000);
  s.plan(claim(7, 2, 3), 2, 1000);
  s.abandon_undecided();
  for (int round = 0; round < 2; ++round) {
    const auto behind = s.decide(claim(7, 2, 3));
    CAF_CHECK(behind.decision == produce_decision::refuse);
    CAF_CHECK(behind.error == error_code::out_of_order_sequence_number);
    CAF_CHECK(s.decide(claim(9, 2, 4)).error == error_code::out_of_order_sequence_number);
    CAF_CHECK(s.decide(claim(5, 2, 2)).error == error_code::invalid_producer_epoch);
    CAF_CHECK(s.decide(claim(5, 2, 3)).decision == produce_decision::append);
    CAF_CHECK(s.decide(claim(0, 1, 4)).decision == produce_decision::append);
    s.plan(claim(5, 2, 3), 0, 1000);
    s.abandon_undecided();
  }
  producer_state loaded;
  loaded.apply(claim(0, 1, 0, 8), 0, 1000);
  const auto as_stored = loaded;
  loaded.expect_first_batches_of(as_stored);
  CAF_CHECK(loaded == as_stored);
  loaded.expect_first_batches_of(s);
  CAF_CHECK(loaded.decide(claim(7, 2, 3)).decision == produce_decision::refuse);
  CAF_CHECK(loaded.encode() == as_stored.encode());
  auto stored = with_batches(1);  // the batch in doubt was stored
  stored.expect_first_batches_of(s);
  CAF_CHECK(stored == with_batches(1));
  s.expire(2000, 1000);
  CAF_CHECK_EQUAL(s.size(), 1U);
  s.expire(2001, 1000);
  CAF_CHECK_EQUAL(s.size(), 0U);
  CAF_CHECK(loaded.decide(claim(5, 2, 3)).decision == produce_decision::append);
  loaded.apply(claim(5, 2, 3), 1, 1000);
  CAF_CHECK(loaded.decide(claim(7, 2, 3)).decision == produce_decision::append);
  CAF_CHECK(loaded.decide(claim(5, 2, 3)).decision == produce_decision::duplicate);
}

CAF_TEST(idle producers expire unless a batch is undecided) {
  producer_state s;
  s.apply(claim(0, 1, 0, 1), 0, 1000);
  s.apply(claim(0, 1, 0, 2), 1, 2000);
  s.apply(claim(0, 1, 0, 3), 2, 1000);
  s.plan(claim(1, 1, 0, 3), 3, 1000);
  s.expire(2000, 1000);
  CAF_CHECK_EQUAL(s.size(), 3U);
  s.expire(2001, 1000);
  CAF_CHECK_EQUAL(s.size(), 2U);
  CAF_CHECK(s.decide(claim(50, 1, 0, 1)).decision == produce_decision::append);
}

CAF_TEST(the snapshot has these bytes) {
  producer_state s;
  s.apply({0x0102, 3, 4, 2}, 5, 6);
  const unsigned char expected[] = {1, 0, 0, 0, 1,                                    // version, producers
                                    0, 0, 0, 0, 0, 0, 1, 2, 0, 3, 1,                  // id, epoch, batches
                                    0, 0, 0, 4, 0, 0, 0, 5,                           // sequences
                                    0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6};  // base offset, ms
  const auto actual = s.encode();
  CAF_REQUIRE_EQUAL(actual.size(), sizeof expected);
  CAF_CHECK(std::memcmp(actual.data(), expected, sizeof expected) == 0);
}

CAF_TEST(a snapshot that must be small keeps all batches of the producers that wrote last) {
  producer_state s;
  std::int64_t offset = 0;
  for (std::int32_t sequence = 0; sequence < 5; ++sequence)
    for (std::int64_t id : {30, 10, 20}) s.apply({id, 0, sequence, 1}, offset++, 0);  // 20 wrote last
  const auto all = s.encode();
  CAF_CHECK_EQUAL(all.size(), 5u + 3 * (11 + 5 * 24));
  CAF_CHECK(s.encode(all.size()) == all);
  struct row {
    std::size_t max_bytes;
    std::map<std::int64_t, int> kept;  // how many of its last batches
  };
  const row rows[] = {{all.size() - 1, {{20, 5}, {10, 5}, {30, 4}}},
                      {5 + 2 * 131 + 35, {{20, 5}, {10, 5}, {30, 1}}},
                      {5 + 2 * 131 + 34, {{20, 5}, {10, 5}}},
                      {5 + 131 + 11 + 4 * 24 - 1, {{20, 5}, {10, 3}}},
                      {5 + 131, {{20, 5}}},
                      {5 + 131 - 1, {{20, 4}}},
                      {5 + 35, {{20, 1}}}};
  for (const auto& r : rows) {
    const auto encoded = s.encode(r.max_bytes);
    CAF_CHECK(encoded.size() <= r.max_bytes);
    const auto read = producer_state::decode(encoded);
    CAF_REQUIRE(read.has_value());
    CAF_CHECK_EQUAL(read->size(), r.kept.size());
    for (const auto& [id, batches] : r.kept) {
      for (std::int32_t sequence = 0; sequence < 5; ++sequence) {
        // What is cut off a known producer is refused, never stored again.
        const auto expected =
          sequence >= 5 - batches ? produce_decision::duplicate : produce_decision::refuse;
        CAF_CHECK(read->decide({id, 0, sequence, 1}).decision == expected);
      }
      CAF_CHECK(read->decide({id, 0, 5, 1}).decision == produce_decision::append);
    }
  }
}

CAF_TEST(a snapshot tells all about recent producers if each of them fits with all its batches) {
  producer_state s;
  std::int64_t offset = 0;
  for (const std::int64_t id : {1, 2})
    for (std::int32_t sequence = 0; sequence < 5; ++sequence) s.apply({id, 0, sequence, 1}, offset++, 1000 * id);
  s.apply({3, 0, 0, 1}, offset, 3000);
  s.plan({4, 0, 0, 1}, offset + 1, 4000);  // not stored, so in no snapshot
  struct row {
    std::size_t max_bytes;
    std::int64_t since_ms;
    bool fits;
  };
  constexpr std::size_t three = 5 + 35;
  constexpr std::size_t two_and_three = three + 131;
  const row rows[] = {{two_and_three + 131, 0, true},     {two_and_three + 130, 0, false},
                      {two_and_three + 130, 1001, true},  {two_and_three, 1001, true},
                      {two_and_three, 1000, false},       {two_and_three - 1, 2000, false},
                      {two_and_three - 1, 2001, true},    {three, 3000, true},
                      {three, 2000, false},               {three, 3001, true}};
  for (const auto& r : rows) CAF_CHECK_EQUAL(s.fits(r.max_bytes, r.since_ms), r.fits);
  CAF_CHECK(producer_state{}.fits(three, 0));
}

CAF_TEST(a producer that wrote one batch takes little memory) {
  const auto in_use = [] {  // 0 where a sanitizer owns the heap
    const auto now = mallinfo2();
    return now.uordblks + now.hblkhd;
  };
  constexpr std::int64_t producers = 10'000;
  const auto before = in_use();
  producer_state s;
  for (std::int64_t id = 0; id < producers; ++id) {
    s.plan({id, 0, 0, 1}, id, 0);
    s.apply({id, 0, 0, 1}, id, 0);
  }
  CAF_CHECK(in_use() - before <= 400 * producers);
  CAF_CHECK_EQUAL(s.size(), 10'000U);
}

CAF_TEST(a cut or mutated snapshot is refused or read but never crashes) {
  auto s = with_batches(7);
  s.apply(claim(0, 1, 0, 1), 50, 0);
  const auto good = s.encode();
  for (std::size_t size = 0; size < good.size(); ++size)
    CAF_CHECK(!producer_state::decode(byte_view{good}.first(size)));
  auto longer = good;
  longer.push_back(std::byte{1});
  CAF_CHECK(producer_state::decode(longer) == s);
  auto other = good;
  other[0] = std::byte{2};
  CAF_CHECK(!producer_state::decode(other));
  std::mt19937 random{20261124};
  for (int round = 0; round < 20'000; ++round) {
    auto bad = good;
    for (int i = 0; i < 1 + round % 3; ++i) bad[random() % bad.size()] = static_cast<std::byte>(random());
    producer_state::decode(bad);
  }
}

CAF_TEST(a snapshot and the batches after it rebuild the live state) {
  CAF_CHECK(rc::check("replay equals live", [] {
    producer_state live;
    std::vector<std::pair<producer_claim, std::int64_t>> log;
    std::int64_t offset = 0;
    const auto steps = *rc::gen::inRange(0, 80);
    const auto snapshot_at = *rc::gen::inRange(0, 80);
    producer_state restored;
    std::size_t replay_from = 0;
    for (int i = 0; i < steps; ++i) {
      if (i == snapshot_at) {
        auto decoded = producer_state::decode(live.encode());
        RC_ASSERT(decoded.has_value());
        restored = std::move(*decoded);
        replay_from = log.size();
      }
      const producer_claim c{*rc::gen::inRange<std::int64_t>(-1, 3), *rc::gen::inRange<std::int16_t>(0, 3),
                             *rc::gen::inRange(0, 6), *rc::gen::inRange(1, 3)};
      if (live.decide(c).decision != produce_decision::append) continue;
      live.plan(c, offset, i);
      live.apply(c, offset, i);
      log.emplace_back(c, offset);
      offset += c.record_count;
      if (c.is_idempotent()) RC_ASSERT(live.decide(c).decision == produce_decision::duplicate);
    }
    if (snapshot_at >= steps) replay_from = 0;
    // Times are not in the log here: compare what decides.
    for (std::size_t i = replay_from; i < log.size(); ++i) restored.apply(log[i].first, log[i].second, 0);
    for (std::int64_t id = 0; id < 3; ++id)
      for (std::int16_t epoch = 0; epoch < 4; ++epoch)
        for (std::int32_t sequence = 0; sequence < 12; ++sequence)
          for (std::int32_t count = 1; count < 3; ++count) {
            const auto a = live.decide({id, epoch, sequence, count});
            const auto b = restored.decide({id, epoch, sequence, count});
            RC_ASSERT(a.decision == b.decision && a.error == b.error && a.base_offset == b.base_offset);
          }
  }));
}
