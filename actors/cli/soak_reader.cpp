#include "actors/cli/soak_reader.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace tidegate::cli {

namespace {

using consumer_owner = std::unique_ptr<RdKafka::KafkaConsumer>;

/// Stops waiting after `patience` without progress.
class progress {
 public:
  explicit progress(std::string who) : who_(std::move(who)) {}

  void made() { last_ = std::chrono::steady_clock::now(); }
  void note(std::string trouble) { trouble_ = std::move(trouble); }

  void check() const {
    if (std::chrono::steady_clock::now() - last_ < patience) return;
    throw soak_failure(who_ + " is stuck" + (trouble_.empty() ? "" : ": " + trouble_));
  }

 private:
  std::string who_;
  std::string trouble_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// One consumer reading all partitions to their ends.
class reading : RdKafka::RebalanceCb {
 public:
  using record_check =
    std::function<std::optional<mismatch>(std::int32_t partition, std::int64_t offset, std::int64_t number)>;
  using end_check = std::function<std::optional<mismatch>(std::int32_t partition, std::int64_t offset)>;

  reading(const soak_place& place, std::string group, const std::map<std::string, std::string>& settings)
      : place_(place), group_(std::move(group)), at_end_(static_cast<std::size_t>(place.partitions)), waits_(group_) {
    std::map<std::string, std::string> all = {{"group.id", group_}, {"enable.auto.commit", "false"},
                                              {"enable.partition.eof", "true"}, {"auto.offset.reset", "error"},
                                              {"queued.max.messages.kbytes", "4096"}, {"check.crcs", "true"}};
    for (const auto& [name, value] : settings) all[name] = value;
    const auto conf = make_conf(place, all);
    std::string error;
    conf->set("rebalance_cb", static_cast<RdKafka::RebalanceCb*>(this), error);
    consumer_.reset(RdKafka::KafkaConsumer::create(conf.get(), error));
    if (!consumer_) throw soak_failure(group_ + ": " + error);
  }

  ~reading() override { consumer_->close(); }

  RdKafka::KafkaConsumer& consumer() { return *consumer_; }

  /// Called for every assignment by the group: reading begins anew.
  std::function<void()> on_assigned = [] {};

  /// Reads until every partition ended, something is wrong, or the soak stops. True: all ended and all was right.
  bool run(const record_check& record, const end_check& end) {
    while (result.violations.empty() && !place_.stopping) {
      if (std::ranges::find(at_end_, false) == at_end_.end()) return true;
      const std::unique_ptr<RdKafka::Message> message(consumer_->consume(200));
      take(*message, record, end);
      waits_.check();
    }
    return false;
  }

  void violated(std::int32_t partition, mismatch what) {
    result.violations.push_back({group_, partition, std::move(what.wanted), std::move(what.got)});
  }

  /// Tries again until it is ERR_NO_ERROR or the soak stops; serves the group meanwhile. True: it is.
  bool insist(const std::string& what, const std::function<RdKafka::ErrorCode()>& attempt) {
    progress waits(group_ + ": " + what);
    while (!place_.stopping) {
      const auto error = attempt();
      if (error == RdKafka::ERR_NO_ERROR) return true;
      waits.note(RdKafka::err2str(error));
      waits.check();
      const std::unique_ptr<RdKafka::Message> served(consumer_->consume(100));
    }
    return false;
  }

  visit_result result;

 private:
  void take(const RdKafka::Message& message, const record_check& record, const end_check& end) {
    const auto partition = message.partition();
    switch (message.err()) {
      case RdKafka::ERR__TIMED_OUT: return;
      case RdKafka::ERR_NO_ERROR: {
        ++result.records;
        auto wrong = record(partition, message.offset(), number_in(message));
        if (wrong) violated(partition, std::move(*wrong));
        return waits_.made();
      }
      case RdKafka::ERR__PARTITION_EOF: {
        auto wrong = end(partition, message.offset());
        if (wrong) violated(partition, std::move(*wrong));
        at_end_[static_cast<std::size_t>(partition)] = true;
        return waits_.made();
      }
      case RdKafka::ERR__AUTO_OFFSET_RESET:
      case RdKafka::ERR__NO_OFFSET:
      case RdKafka::ERR_OFFSET_OUT_OF_RANGE:
        return violated(partition, {"records from its position on", message.errstr()});
      case RdKafka::ERR__FATAL: throw soak_failure(group_ + ": " + message.errstr());
      default: waits_.note(message.errstr());  // librdkafka tries again
    }
  }

  void rebalance_cb(RdKafka::KafkaConsumer* consumer, RdKafka::ErrorCode what,
                    std::vector<RdKafka::TopicPartition*>& partitions) override {
    if (what != RdKafka::ERR__ASSIGN_PARTITIONS) {
      consumer->unassign();
      return;
    }
    at_end_.assign(at_end_.size(), false);
    on_assigned();
    consumer->assign(partitions);
  }

  const soak_place& place_;
  std::string group_;
  std::vector<bool> at_end_;
  progress waits_;
  consumer_owner consumer_;
};

/// The error of the call, or the first one of a partition.
RdKafka::ErrorCode error_of(RdKafka::ErrorCode call, const std::vector<RdKafka::TopicPartition*>& partitions) {
  for (const auto* one : partitions)
    if (call == RdKafka::ERR_NO_ERROR) call = one->err();
  return call;
}

std::string text_of(std::int64_t position) {
  return position < 0 ? "no position" : "position " + std::to_string(position);
}

/// What the coordinator says of a group that is away. False: the soak stops, or a position is not the one that was
/// committed.
bool check_committed(reading& read, const soak_place& place, const soak_group& group) {
  const std::vector<std::int64_t> none(group.position.size(), RdKafka::Topic::OFFSET_INVALID);
  partition_list asked(place.topic, none);
  const bool answered = read.insist(
    "its positions", [&] { return error_of(read.consumer().committed(asked.get(), 5000), asked.get()); });
  if (!answered) return false;
  for (std::size_t p = 0; p < group.position.size(); ++p) {
    const auto told = std::max<std::int64_t>(asked.get()[p]->offset(), -1);
    if (told != group.position[p])
      read.violated(static_cast<std::int32_t>(p), {text_of(group.position[p]), text_of(told)});
  }
  return read.result.violations.empty();
}

std::map<std::string, std::string> settings_of(const soak_group& group) {
  const bool is_new = group.position.front() < 0;
  std::map<std::string, std::string> settings = {{"session.timeout.ms", "45000"},
                                                 {"auto.offset.reset", is_new ? "earliest" : "error"}};
  if (!group.instance.empty()) settings["group.instance.id"] = group.instance;
  return settings;
}

}  // namespace

visit_result audit(const soak_place& place, std::vector<partition_log>& logs) {
  std::vector<std::int64_t> from;
  for (const auto& log : logs) from.push_back(log.end());
  partition_list partitions(place.topic, from);
  reading read(place, place.topic + "-reader", {});
  if (const auto error = read.consumer().assign(partitions.get()); error != RdKafka::ERR_NO_ERROR)
    throw soak_failure("cannot read: " + RdKafka::err2str(error));
  const auto log_of = [&](std::int32_t index) -> partition_log& { return logs[static_cast<std::size_t>(index)]; };
  read.run([&](auto partition, auto offset, auto number) { return log_of(partition).found(offset, number); },
           [&](auto partition, auto offset) { return log_of(partition).end_found(offset); });
  return std::move(read.result);
}

visit_result visit(const soak_place& place, const std::vector<partition_log>& logs, soak_group& group,
                   const std::vector<std::int64_t>& next) {
  reading read(place, group.name, settings_of(group));
  if (!check_committed(read, place, group)) return std::move(read.result);
  auto at = group.position;
  read.on_assigned = [&] {
    at = group.position;
    std::ranges::replace(at, -1, 0);
  };
  const auto record = [&](std::int32_t partition, std::int64_t offset, std::int64_t number) {
    auto& wanted = at[static_cast<std::size_t>(partition)];
    const auto& log = logs[static_cast<std::size_t>(partition)];
    const auto got = "record " + std::to_string(number) + " at offset " + std::to_string(offset);
    if (wanted >= log.end()) return std::optional<mismatch>({"the end at offset " + std::to_string(log.end()), got});
    const auto right = log.number_at(wanted);
    if (offset != wanted || number != right)
      return std::optional<mismatch>({"record " + std::to_string(right) + " at offset " + std::to_string(wanted), got});
    ++wanted;
    return std::optional<mismatch>();
  };
  const auto end = [&](std::int32_t partition, std::int64_t offset) {
    const auto wanted = logs[static_cast<std::size_t>(partition)].end();
    if (offset == wanted && at[static_cast<std::size_t>(partition)] == wanted) return std::optional<mismatch>();
    return std::optional<mismatch>(
      {"the end at offset " + std::to_string(wanted), "the end at offset " + std::to_string(offset)});
  };
  if (const auto error = read.consumer().subscribe({place.topic}); error != RdKafka::ERR_NO_ERROR)
    throw soak_failure(group.name + ": " + RdKafka::err2str(error));
  if (!read.run(record, end)) return std::move(read.result);
  partition_list positions(place.topic, next);
  const auto commit = [&] { return error_of(read.consumer().commitSync(positions.get()), positions.get()); };
  if (read.insist("its commit", commit)) group.position = next;
  return std::move(read.result);
}

}  // namespace tidegate::cli
