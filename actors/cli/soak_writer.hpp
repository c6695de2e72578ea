#pragma once

#include "actors/cli/soak_client.hpp"
#include "actors/cli/soak_log.hpp"

namespace tidegate::cli {

/// Creates the topic, with one replica. Errors: soak_failure, also when it exists.
void create_topic(const soak_place& place);

/// An idempotent producer with acks=all. Records go round the partitions; the value is the record's number.
/// Thread: one. All members throw soak_failure when a record gets an error, or no answer for too long.
class soak_writer final : RdKafka::DeliveryReportCb {
 public:
  /// Numbers come from `logs`, acknowledgements go there.
  soak_writer(const soak_place& place, std::vector<partition_log>& logs);
  ~soak_writer() override;

  /// Hands `count` records over; waits for acknowledgements only when there is no room.
  void write(std::int64_t count);

  /// Records that can be handed over without waiting for acknowledgements.
  [[nodiscard]] std::int64_t room() const;

  /// Takes what was acknowledged, for so long.
  void poll(std::chrono::milliseconds time);

  /// Waits until nothing is on its way any more, or the soak stops.
  void finish();

  /// Dies as a producer dies: what is on its way stays without an answer, and a new producer goes on. Only while no
  /// broker can still work on what was sent.
  void abandon();

  [[nodiscard]] std::int64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::int64_t abandoned() const { return abandoned_; }

 private:
  void dr_cb(RdKafka::Message& message) override;
  void open();
  void check() const;

  const soak_place& place_;
  std::vector<partition_log>& logs_;
  std::unique_ptr<RdKafka::Producer> producer_;
  std::int64_t written_ = 0;
  std::int64_t acknowledged_ = 0;
  std::int64_t abandoned_ = 0;
  bool abandoning_ = false;
  std::string failure_;
};

}  // namespace tidegate::cli
