#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/error_code.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

namespace tidegate::core {

/// What a produced batch says about its producer; `producer_id` -1: the producer is not idempotent.
struct producer_claim {
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  std::int32_t record_count = 0;

  [[nodiscard]] bool is_idempotent() const { return producer_id >= 0; }
};

enum class produce_decision : std::uint8_t {
  append,
  duplicate,            // stored before: answer its base offset, append nothing
  duplicate_undecided,  // the first copy is on its way: answer when that one is decided
  refuse,
};

struct produce_verdict {
  produce_decision decision = produce_decision::append;
  error_code error = error_code::none;  // refuse only: out_of_order_sequence_number, invalid_producer_epoch
  std::int64_t base_offset = -1;        // of the first copy of a duplicate
  std::int64_t timestamp_ms = -1;       // when the first copy was appended, by the clock of then
  friend bool operator==(const produce_verdict&, const produce_verdict&) = default;
};

/// The idempotent producers of one partition: per producer id the epoch and the last five batches, as in Kafka.
/// `decide` changes nothing; `plan` notes a batch that was queued; `apply` notes a batch that is stored, live and when
/// the log is read again. Batches of one producer are applied in the order in which they were planned.
class producer_state {
 public:
  static constexpr std::size_t batches_kept = 5;  // Kafka's max.in.flight.requests.per.connection for idempotence

  /// An unknown producer id may start at any sequence number: its earlier batches may have expired. One whose first batch
  /// was given up must come with that one, or one before it: clients send the next ones before they know, and librdkafka
  /// takes an acknowledged batch as proof of those before it. Kafka has no such rule: it takes one batch of a connection
  /// at a time.
  [[nodiscard]] produce_verdict decide(const producer_claim& claim) const;

  void plan(const producer_claim& claim, std::int64_t base_offset, std::int64_t timestamp_ms);

  void apply(const producer_claim& claim, std::int64_t base_offset, std::int64_t timestamp_ms);

  /// Forgets what was planned and not applied, but for what a producer has to begin with.
  void abandon_undecided();

  /// A batch was given up, and may be the first of its producer: here are those that nobody looked at. The earliest
  /// counts.
  void give_up(const producer_claim& claim, std::int64_t timestamp_ms);

  /// Adds what producers of `before` have to begin with, if nothing is known of them here.
  void expect_first_batches_of(const producer_state& before);

  /// Forgets producers without undecided batches whose last batch is older than `max_idle_ms`. Timestamps are of the wall
  /// clock, so that `now_ms` must not take a step of it for time that went by: a retry would be stored twice.
  void expire(std::int64_t now_ms, std::int64_t max_idle_ms);

  [[nodiscard]] std::size_t size() const { return producers_.size(); }

  /// The snapshot: applied batches only, at most `max_bytes` (not less than 40). The producers that wrote last come
  /// with all their batches, as long as there is room; the last of them may be cut to its newest ones; the rest is left
  /// out.
  ///
  /// After a load from it, a retry of a batch that was cut off is refused (out_of_order_sequence_number), never stored
  /// again. A producer that was left out is unknown, as one that expired, and an unknown producer may start at any
  /// sequence number, so that a retry of its batches is stored twice, unless the log behind the snapshot has them, too.
  /// It takes a lost answer, some thousand other producers that wrote to this partition after that batch (2000, if each
  /// wrote five and 256 KiB are the room), a roll or a trim behind them, and a load from it, all before the client's
  /// delivery.timeout.ms is over. A clean end takes no snapshot that could do that: see fits().
  /// Source: Kafka's ProducerAppendInfo.checkSequence takes any sequence while it knows no epoch of the producer.
  [[nodiscard]] byte_buffer encode(std::size_t max_bytes = std::numeric_limits<std::size_t>::max()) const;

  /// A snapshot of at most `max_bytes` has all batches of every producer whose newest one is from `since_ms` or later.
  [[nodiscard]] bool fits(std::size_t max_bytes, std::int64_t since_ms) const;

  static constexpr std::uint8_t snapshot_version = 1;  // its first byte

  /// nullopt: not a snapshot of a version that this program knows, or cut short.
  static std::optional<producer_state> decode(byte_view snapshot);

  friend bool operator==(const producer_state&, const producer_state&) = default;

 private:
  struct batch {
    std::int16_t epoch = 0;
    std::int32_t first_sequence = 0;
    std::int32_t last_sequence = 0;
    std::int64_t base_offset = 0;
    std::int64_t timestamp_ms = 0;
    friend bool operator==(const batch&, const batch&) = default;
  };
  struct producer {
    // Few are in either, and an empty std::deque has 600 bytes: ids of producers that wrote once are kept for a day.
    std::vector<batch> applied;    // at most batches_kept, all of one epoch
    std::vector<batch> undecided;  // in planned order
    std::optional<batch> first;    // given up; set while nothing is applied
    friend bool operator==(const producer&, const producer&) = default;
  };

  /// A producer in a snapshot, with its newest batches.
  struct kept {
    std::int64_t id = 0;
    const producer* of = nullptr;
    std::size_t batches = 0;
  };

  /// All in the order of their ids, or those that fit, the newest first.
  [[nodiscard]] std::vector<kept> keep_what_fits(std::size_t max_bytes) const;

  static batch batch_of(const producer_claim& claim, std::int64_t base_offset, std::int64_t timestamp_ms);
  static produce_verdict decide_first(const producer_claim& claim, const batch& first);

  std::map<std::int64_t, producer> producers_;
};

}  // namespace tidegate::core
