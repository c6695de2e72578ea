#pragma once

#include "actors/cli/bench/batches.hpp"
#include "actors/cli/bench/latency.hpp"
#include "actors/cli/bench/layout.hpp"
#include "actors/cli/bench/load.hpp"
#include "messages/kafka/produce.hpp"

#include <map>

namespace tidegate::cli::bench {

/// A Produce request for one partition around a batch, made once and sent again and again.
class produce_frame {
 public:
  /// `acks`: 1 or −1.
  produce_frame(const std::string& topic, std::int16_t acks, std::chrono::milliseconds timeout, byte_view batch,
                std::int32_t records);

  [[nodiscard]] std::int32_t records() const { return records_; }
  [[nodiscard]] std::int64_t batch_bytes() const { return batch_bytes_; }
  [[nodiscard]] std::span<std::byte> bytes() { return frame_; }

  void set_partition(std::int32_t partition);
  void set_producer(const producer_mark& mark);

 private:
  byte_buffer frame_;
  std::size_t batch_at_;
  std::int64_t batch_bytes_;
  std::int32_t records_;
};

/// What a broker says to a batch of one partition. Errors: kafka_failure when it did not take it.
kafka::produce_response::partition acknowledgement(byte_view body, const std::string& topic,
                                                   const broker_address& from);

/// What producers count together.
struct produced {
  std::int64_t records = 0;  // acknowledged
  std::int64_t bytes = 0;    // of their batches
  latency_histogram acks;
  std::function<void(std::int32_t partition, clock::time_point since)> on_sent;       // optional
  std::function<void(std::int32_t partition, std::int64_t base_offset)> on_acknowledged;  // optional
};

struct produce_load {
  std::string topic;
  produce_frame full, last;  // each lane has copies; `last` is for the last batch of all
  bool is_idempotent = false;
  std::chrono::milliseconds timeout{};
};

/// A producer: its batches go round the partitions that a broker leads.
class produce_lane final : public lane {
 public:
  /// `first`: the partition to begin with, by its place among those of the broker. One producer id is asked for when
  /// the load is idempotent.
  produce_lane(const produce_load& wanted, const led_partitions& where, std::size_t first, std::size_t in_flight,
               schedule& when, produced& sum);

  std::optional<outgoing> next(clock::time_point now) override;
  [[nodiscard]] clock::time_point due() const override;
  void take(byte_view body, clock::time_point since, clock::time_point now) override;
  [[nodiscard]] bool is_over() const override { return when_.is_over(); }

 private:
  void ask_for_producer_id();

  const produce_load& wanted_;
  std::vector<std::int32_t> partitions_;
  std::size_t turn_;
  schedule& when_;
  produced& sum_;
  produce_frame full_, last_;
  std::deque<const produce_frame*> sent_frames_;  // without an answer
  producer_mark mark_;
  std::map<std::int32_t, std::int32_t> next_sequence_;
};

}  // namespace tidegate::cli::bench
