#define CAF_SUITE partition_machine
#include "actors/core/partition_machine.hpp"

#include "messages/kafka/record_batch.hpp"
#include "tests/messages/kafka/batch_builder.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>
#include <stdexcept>

using namespace tidegate;
using core::partition_machine;
using core::produce_decision;
using core::produced_batch;
using test::batch_builder;

namespace {

constexpr std::int64_t second = 1'000'000'000;

produced_batch produced(int count, const core::producer_claim& producer = {}, std::size_t value_size = 2) {
  auto builder = batch_builder::of(count, value_size);
  builder.header.producer_id = producer.producer_id;
  builder.header.producer_epoch = producer.producer_epoch;
  builder.header.base_sequence = producer.base_sequence;
  auto bytes = builder.build();
  const auto check = kafka::validate_batch(bytes, {});
  CAF_REQUIRE(check.error == error_code::none);
  return core::to_produced(shared_bytes(std::move(bytes)), check);
}

core::partition_start start_at(std::int64_t next_offset, std::int32_t leader_epoch = 5) {
  core::partition_start s;
  s.leader_epoch = leader_epoch;
  s.next_offset = next_offset;
  s.next_message_number = next_offset / 10;
  return s;
}

}  // namespace

CAF_TEST(planned batches get offset and epoch and number and time and stay hidden until applied) {
  partition_machine m{start_at(100), {}};
  CAF_CHECK_EQUAL(m.offer(produced(3), second).base_offset, 100);
  CAF_CHECK_EQUAL(m.offer(produced(2), second).base_offset, 103);
  const auto plan = m.plan(2 * second, {});
  CAF_REQUIRE_EQUAL(plan.size(), 2U);
  CAF_CHECK_EQUAL(plan[0].base_offset, 100);
  CAF_CHECK_EQUAL(plan[0].message_number, 10);
  CAF_CHECK_EQUAL(plan[0].ts_ns, 2 * second);
  CAF_CHECK_EQUAL(plan[1].base_offset, 103);
  CAF_CHECK_EQUAL(plan[1].message_number, 11);
  CAF_CHECK_EQUAL(plan[1].ts_ns, 2 * second + 2);
  const auto h = kafka::check_stored_batch(plan[1].batch.view());
  CAF_REQUIRE(h.has_value());
  CAF_CHECK_EQUAL(h->base_offset, 103);
  CAF_CHECK_EQUAL(h->leader_epoch, 5);
  CAF_CHECK_EQUAL(h->max_timestamp, plan[1].max_timestamp);
  CAF_CHECK_EQUAL(m.high_watermark(), 100);
  CAF_CHECK_EQUAL(m.next_offset(), 105);
  m.apply(plan);
  CAF_CHECK_EQUAL(m.high_watermark(), 105);
  CAF_CHECK_EQUAL(m.next_message_number(), 12);
  CAF_CHECK_EQUAL(m.last_ts_ns(), 2 * second + 2);
}

CAF_TEST(time never goes back) {
  auto s = start_at(0);
  s.last_ts_ns = 9 * second;
  partition_machine m{s, {}};
  m.offer(produced(1), second);
  const auto first = m.plan(second, {});
  m.offer(produced(1), second);
  const auto then = m.plan(second, {});
  CAF_CHECK_EQUAL(first[0].ts_ns, 9 * second + 2);
  CAF_CHECK_EQUAL(then[0].ts_ns, 9 * second + 4);
}

CAF_TEST(log append time replaces the timestamps) {
  partition_machine m{start_at(0), {}};
  m.offer(produced(2), second);
  const auto plan = m.plan(7 * second, {.uses_log_append_time = true});
  CAF_CHECK_EQUAL(plan[0].max_timestamp, 7000);
  const auto h = kafka::check_stored_batch(plan[0].batch.view());
  CAF_REQUIRE(h.has_value());
  CAF_CHECK(h->is_log_append_time());
  CAF_CHECK_EQUAL(h->max_timestamp, 7000);
}

CAF_TEST(log append time and the age of producers follow a clock that the log is ahead of) {
  auto s = start_at(0);
  s.last_ts_ns = 900 * second;
  partition_machine m{s, {}};
  m.offer(produced(2, {7, 0, 0, 2}), second);
  const auto plan = m.plan(7 * second, {.uses_log_append_time = true});
  CAF_CHECK_EQUAL(plan[0].ts_ns, 900 * second + 2);
  CAF_CHECK_EQUAL(plan[0].max_timestamp, 7000);
  CAF_CHECK_EQUAL(std::int64_t{kafka::check_stored_batch(plan[0].batch.view())->max_timestamp}, 7000);
  m.apply(plan);
  const auto again = m.offer(produced(2, {7, 0, 0, 2}), 8 * second);
  CAF_CHECK(again.decision == produce_decision::duplicate);
  CAF_CHECK_EQUAL(again.timestamp_ms, 7000);
  m.expire_producers(8000, 1000);
  CAF_CHECK_EQUAL(m.producers().size(), 1u);
  m.expire_producers(8001, 1000);
  CAF_CHECK_EQUAL(m.producers().size(), 0u);
}

CAF_TEST(an append takes what fits and one larger batch alone) {
  const auto size = produced(1, {}, 1000).batch.size();
  partition_machine m{start_at(0), {}};
  for (int i = 0; i < 5; ++i) m.offer(produced(1, {}, 1000), second);
  m.offer(produced(1, {}, 9000), second);
  m.offer(produced(1, {}, 1000), second);
  const core::append_rules rules{.max_append_bytes = 2 * size};
  std::vector<std::size_t> sizes;
  while (m.has_queued()) {
    const auto plan = m.plan(second, rules);
    sizes.push_back(plan.size());
    m.apply(plan);
  }
  CAF_CHECK_EQUAL(sizes, (std::vector<std::size_t>{2, 2, 1, 1, 1}));
  CAF_CHECK_EQUAL(m.queued_bytes(), 0U);
  CAF_CHECK(m.plan(second, rules).empty());
  CAF_CHECK_EQUAL(m.high_watermark(), 7);
}

CAF_TEST(appends overlap and are applied in order) {
  partition_machine m{start_at(0), {}};
  m.offer(produced(1), second);
  const auto first = m.plan(second, {});
  m.offer(produced(1), second);
  const auto then = m.plan(second, {});
  CAF_CHECK_EQUAL(then[0].base_offset, 1);
  CAF_CHECK_EQUAL(then[0].message_number, 1);
  bool is_refused = false;
  try {
    m.apply(then);
  } catch (const std::logic_error&) {
    is_refused = true;
  }
  CAF_CHECK(is_refused);
  m.apply(first);
  m.apply(then);
  CAF_CHECK_EQUAL(m.high_watermark(), 2);
}

CAF_TEST(duplicates are seen while queued and planned and applied) {
  partition_machine m{start_at(50), {}};
  const core::producer_claim first{7, 0, 0, 3};
  const auto offer_again = [&] { return m.offer(produced(3, first), second); };
  CAF_CHECK(offer_again().decision == produce_decision::append);
  CAF_CHECK(offer_again().decision == produce_decision::duplicate_undecided);
  const auto plan = m.plan(second, {});
  CAF_REQUIRE_EQUAL(plan.size(), 1U);
  CAF_CHECK(offer_again().decision == produce_decision::duplicate_undecided);
  CAF_CHECK_EQUAL(offer_again().base_offset, 50);
  m.apply(plan);
  CAF_CHECK(offer_again().decision == produce_decision::duplicate);
  CAF_CHECK_EQUAL(offer_again().base_offset, 50);
  CAF_CHECK(!m.has_queued());
  CAF_CHECK(m.offer(produced(1, {7, 0, 9, 1}), second).error == error_code::out_of_order_sequence_number);
}

CAF_TEST(what is abandoned may be produced again at the same offset) {
  partition_machine m{start_at(50), {}};
  m.offer(produced(3, {7, 0, 0, 3}), second);
  m.plan(second, {});
  m.offer(produced(1, {7, 0, 3, 1}), second);
  m.abandon();
  CAF_CHECK(!m.has_queued());
  CAF_CHECK_EQUAL(m.queued_bytes(), 0U);
  const auto v = m.offer(produced(3, {7, 0, 0, 3}), second);
  CAF_CHECK(v.decision == produce_decision::append);
  CAF_CHECK_EQUAL(v.base_offset, 50);
  const auto plan = m.plan(second, {});
  CAF_CHECK_EQUAL(plan[0].message_number, 5);
  m.apply(plan);
  CAF_CHECK_EQUAL(m.high_watermark(), 53);
}

CAF_TEST(fetch positions) {
  using enum error_code;
  auto s = start_at(100);
  s.log_start_offset = 20;
  s.epochs = {{2, 10}, {4, 60}};
  partition_machine m{s, {}};
  m.offer(produced(3), second);
  struct row {
    std::int64_t offset;
    std::int32_t current_epoch, last_epoch;
    core::fetch_check expected;
  };
  const row rows[] = {
      {20, -1, -1, {none, {}}},
      {100, 5, -1, {none, {}}},
      {19, -1, -1, {offset_out_of_range, {}}},
      {101, -1, -1, {offset_out_of_range, {}}},  // offered, not applied
      {-1, -1, -1, {offset_out_of_range, {}}},
      {50, 4, -1, {fenced_leader_epoch, {}}},
      {50, 6, -1, {unknown_leader_epoch, {}}},
      {500, 4, -1, {fenced_leader_epoch, {}}},  // the epoch is checked first
      {100, 5, 5, {none, {}}},
      {100, 5, 4, {none, {}}},
      {61, 5, 2, {none, {2, 60}}},
      {60, 5, 2, {none, {}}},
      {60, 5, 3, {none, {2, 60}}},
      {60, 5, 9, {offset_out_of_range, {}}},
  };
  for (const auto& r : rows)
    if (m.check_fetch(r.offset, r.current_epoch, r.last_epoch) != r.expected)
      CAF_FAIL(r.offset << " " << r.current_epoch << " " << r.last_epoch);
}

CAF_TEST(epochs end where the next one begins) {
  auto s = start_at(100);
  s.epochs = {{2, 10}, {4, 60}};
  partition_machine m{s, {}};
  using end = core::epoch_end;
  CAF_CHECK(m.end_of_epoch(5) == end(5, 100));
  CAF_CHECK(m.end_of_epoch(4) == end(4, 100));
  CAF_CHECK(m.end_of_epoch(3) == end(2, 60));
  CAF_CHECK(m.end_of_epoch(2) == end(2, 60));
  CAF_CHECK(m.end_of_epoch(1) == end(1, 10));
  CAF_CHECK(m.end_of_epoch(6) == end());
  CAF_CHECK(m.end_of_epoch(-1) == end());
  CAF_CHECK_EQUAL(m.epoch_at(9), -1);
  CAF_CHECK_EQUAL(m.epoch_at(59), 2);
  CAF_CHECK_EQUAL(m.epoch_at(60), 4);
  CAF_CHECK_EQUAL(m.epoch_at(100), 5);
}

CAF_TEST(an epoch without batches disappears with the next leader) {
  auto s = start_at(100, 6);
  s.epochs = {{4, 60}, {5, 100}};
  partition_machine m{s, {}};
  CAF_CHECK(m.epochs() == (std::vector<epoch_start>{{4, 60}, {6, 100}}));
  s.epochs = m.epochs();
  CAF_CHECK(partition_machine(s, {}).epochs() == m.epochs());
}

CAF_TEST(trimming raises the start and never goes back or above the high watermark) {
  auto s = start_at(100);
  s.epochs = {{2, 10}, {4, 60}};
  partition_machine m{s, {}};
  struct row {
    std::int64_t wanted;
    std::optional<std::int64_t> target;
  };
  for (const auto& r : {row{-2, {}}, row{-1, 100}, row{0, 0}, row{70, 70}, row{100, 100}, row{101, {}}})
    CAF_CHECK(m.trim_target(r.wanted) == r.target);
  m.trim(70);
  CAF_CHECK_EQUAL(m.log_start_offset(), 70);
  CAF_CHECK(m.epochs() == (std::vector<epoch_start>{{4, 70}, {5, 100}}));
  CAF_CHECK(m.trim_target(69) == 70);
  m.trim(69);
  CAF_CHECK_EQUAL(m.log_start_offset(), 70);
  CAF_CHECK(m.check_fetch(69, -1, -1).error == error_code::offset_out_of_range);
  CAF_CHECK(m.check_fetch(70, -1, -1).error == error_code::none);
  // As Kafka: a trimmed epoch ends where the first known one begins.
  CAF_CHECK(m.end_of_epoch(2) == (core::epoch_end{2, 70}));
  CAF_CHECK(m.end_of_epoch(4) == (core::epoch_end{4, 100}));
  CAF_CHECK_EQUAL(m.epoch_at(70), 4);
  m.trim(100);
  CAF_CHECK_EQUAL(m.log_start_offset(), 100);
  CAF_CHECK(m.epochs() == (std::vector<epoch_start>{{5, 100}}));
}

namespace {

struct log_end {
  std::int64_t offset = 0, number = 0, ts_ns = 0;
};

/// Checks that batches follow each other without a hole and shows them to `producers`.
log_end replay(const std::vector<planned_batch>& log, core::producer_state& producers) {
  log_end end;
  for (const auto& p : log) {
    RC_ASSERT(p.base_offset == end.offset);
    RC_ASSERT(p.message_number == end.number);
    RC_ASSERT(p.ts_ns >= end.ts_ns + 2);
    const auto h = kafka::check_stored_batch(p.batch.view());
    RC_ASSERT(h && h->base_offset == end.offset && h->next_offset() == end.offset + p.record_count);
    producers.apply(core::claim_of(*h), p.base_offset, p.ts_ns / 1'000'000);
    end = {h->next_offset(), end.number + 1, p.ts_ns};
  }
  return end;
}

}  // namespace

CAF_TEST(whatever is offered the log is dense and a reload goes on where it ended) {
  CAF_CHECK(rc::check("dense log", [] {
    partition_machine m{start_at(0), {}};
    core::producer_state replayed;
    std::vector<planned_batch> log;
    std::deque<std::vector<planned_batch>> flying;
    std::int64_t now = 0;
    const auto steps = *rc::gen::inRange(0, 60);
    const auto apply_front = [&] {
      m.apply(flying.front());
      log.insert(log.end(), flying.front().begin(), flying.front().end());
      flying.pop_front();
    };
    for (int i = 0; i < steps; ++i) {
      now += *rc::gen::inRange<std::int64_t>(-5, 5);
      switch (*rc::gen::inRange(0, 5)) {
        case 0:
        case 1: {
          const auto sequence = *rc::gen::inRange(0, 5);
          m.offer(produced(*rc::gen::inRange(1, 3), {*rc::gen::inRange<std::int64_t>(-1, 2), 0, sequence, 0}), now);
          break;
        }
        case 2:
          if (auto plan = m.plan(now, {.max_append_bytes = 250}); !plan.empty()) flying.push_back(std::move(plan));
          break;
        case 3:
          if (!flying.empty()) apply_front();
          break;
        case 4:
          if (*rc::gen::inRange(0, 5) == 0) {
            flying.clear();
            m.abandon();
          }
          break;
      }
      RC_ASSERT(m.next_offset() >= m.high_watermark());
    }
    while (!flying.empty()) apply_front();
    const auto [offset, number, ts_ns] = replay(log, replayed);
    RC_ASSERT(m.high_watermark() == offset);
    m.abandon();
    RC_ASSERT(m.next_offset() == offset);
    RC_ASSERT(m.producers().encode() == replayed.encode());  // but for batches that were given up
    core::partition_start again = start_at(offset);
    again.next_message_number = number;
    again.last_ts_ns = ts_ns;
    again.epochs = m.epochs();
    partition_machine reloaded{again, m.producers()};
    RC_ASSERT(reloaded.epochs() == m.epochs());
    RC_ASSERT(reloaded.high_watermark() == offset);
  }));
}

CAF_TEST(lives that end cleanly or by a kill know the same producers as one long life) {
  CAF_CHECK(rc::check("lives", [] {
    std::vector<planned_batch> log;  // what storage has
    byte_buffer snapshot = core::producer_state{}.encode();
    std::int64_t snapshot_offset = 0;
    core::producer_state one_life;
    std::int64_t now = second;
    const auto lives = *rc::gen::inRange(1, 6);
    for (int life = 0; life < lives; ++life) {
      auto producers = core::producer_state::decode(snapshot).value();
      auto start = start_at(0, life);
      for (const auto& p : log) {
        start.next_offset = p.base_offset + p.record_count;
        start.last_ts_ns = p.ts_ns;
        if (p.base_offset < snapshot_offset) continue;
        producers.apply(core::claim_of(*kafka::read_batch_header(p.batch.view())), p.base_offset, p.ts_ns / 1'000'000);
      }
      start.next_message_number = static_cast<std::int64_t>(log.size());
      RC_ASSERT(producers == one_life);
      partition_machine m{start, std::move(producers)};
      const auto steps = *rc::gen::inRange(0, 20);
      for (int i = 0; i < steps; ++i) {
        now += *rc::gen::inRange<std::int64_t>(0, 5) * second;
        m.offer(produced(1, {*rc::gen::inRange<std::int64_t>(0, 3), 0, *rc::gen::inRange(0, 5), 0}), now);
        const auto plan = m.plan(now, {});
        if (*rc::gen::inRange(0, 4) == 0) {
          m.abandon();  // refused
          continue;
        }
        m.apply(plan);
        for (const auto& p : plan) {
          log.push_back(p);
          one_life.apply(core::claim_of(*kafka::read_batch_header(p.batch.view())), p.base_offset,
                         p.ts_ns / 1'000'000);
        }
      }
      if (*rc::gen::arbitrary<bool>()) continue;  // killed
      m.expire_producers(now / 1'000'000, 10'000);
      one_life.expire(now / 1'000'000, 10'000);
      snapshot = m.producers().encode();
      snapshot_offset = m.high_watermark();
    }
  }));
}
