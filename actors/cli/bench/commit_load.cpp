#include "actors/cli/bench/bench.hpp"
#include "actors/cli/bench/latency.hpp"
#include "actors/cli/bench/layout.hpp"
#include "actors/cli/bench/load.hpp"
#include "actors/cli/bench/report.hpp"
#include "actors/cli/bench/wire_call.hpp"
#include "messages/kafka/offset_commit.hpp"

#include <algorithm>
#include <cmath>

namespace tidegate::cli::bench {

namespace {

/// What committing groups count together.
struct committed {
  std::int64_t requests = 0;
  std::int64_t partitions = 0;
  latency_histogram requests_took;
};

struct commit_plan {
  std::string topic;
  std::int32_t partitions = 0;
  std::chrono::milliseconds timeout{};
  clock::time_point until;
};

/// Groups without members (generation −1) that commit all partitions in one request, one group after the other. Offsets
/// grow by one each time round.
class commit_lane final : public lane {
 public:
  commit_lane(const commit_plan& plan, const broker_address& coordinator, std::vector<std::string> groups,
              std::size_t in_flight, committed& sum)
    : lane(coordinator, plan.timeout, in_flight), plan_(plan), groups_(std::move(groups)), sum_(sum) {}

  std::optional<outgoing> next(clock::time_point now) override {
    is_over_ |= now >= plan_.until;
    if (is_over_) return std::nullopt;
    kafka::offset_commit_request request;
    request.group_id = groups_[turn_ % groups_.size()];
    kafka::offset_commit_request::topic topic;
    topic.name = plan_.topic;
    topic.partitions.resize(static_cast<std::size_t>(plan_.partitions));
    for (std::int32_t p = 0; p < plan_.partitions; ++p) {
      auto& one = topic.partitions[static_cast<std::size_t>(p)];
      one.partition_index = p;
      one.committed_offset = static_cast<std::int64_t>(turn_ / groups_.size());
    }
    request.topics.push_back(std::move(topic));
    frame_ = request_frame(request, offset_commit_version);
    ++turn_;
    return outgoing{frame_, now};
  }

  [[nodiscard]] clock::time_point due() const override { return is_over_ ? never : clock::time_point::min(); }

  void take(byte_view body, clock::time_point since, clock::time_point now) override {
    const auto answer = decoded<kafka::offset_commit_response>(body, offset_commit_version, broker());
    std::int64_t done = 0;
    for (const auto& topic : answer.topics)
      for (const auto& one : topic.partitions) {
        if (one.error_code != error_code::none)
          throw kafka_failure("a commit of " + plan_.topic + "-" + std::to_string(one.partition_index) + ": " +
                              error_words(one.error_code));
        ++done;
      }
    if (done != plan_.partitions) fail_malformed(broker());
    sum_.requests_took.record(now - since);
    ++sum_.requests;
    sum_.partitions += done;
  }

  [[nodiscard]] bool is_over() const override { return is_over_; }

 private:
  const commit_plan& plan_;
  std::vector<std::string> groups_;
  committed& sum_;
  std::size_t turn_ = 0;
  bool is_over_ = false;
  byte_buffer frame_;  // of the newest request
};

/// The groups of each coordinator on at most `connections` connections.
lanes lanes_of(const std::map<broker_address, std::vector<std::string>>& coordinators, const commit_plan& plan,
               const commit_options& wanted, committed& sum) {
  lanes all;
  for (const auto& [coordinator, groups] : coordinators)
    for (auto& part : dealt(groups, wanted.connections))
      all.push_back(std::make_unique<commit_lane>(plan, coordinator, std::move(part),
                                                  static_cast<std::size_t>(wanted.in_flight), sum));
  return all;
}

}  // namespace

int run_commit(cluster& at, const commit_options& wanted, const output& to) {
  leaders_of_new(at, wanted.topic, wanted.partitions);
  std::vector<std::string> groups;
  for (std::int64_t i = 0; i < wanted.groups; ++i) groups.push_back(wanted.group_prefix + std::to_string(i));
  commit_plan plan{wanted.topic, wanted.partitions, std::chrono::milliseconds(at.timeout_ms()), {}};
  committed sum;
  auto all = lanes_of(coordinators_of(at, groups), plan, wanted, sum);
  const auto total = static_cast<std::size_t>(std::ceil(wanted.seconds));
  const auto show = to.progress("seconds", total);
  const stopwatch time;
  plan.until = clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(wanted.seconds));
  run_load(all, plan.timeout, [&] { show(std::min(total, static_cast<std::size_t>(time.seconds()))); });
  show(total);

  const auto seconds = std::max(time.seconds(), 1e-9);
  report result;
  result.add("topic", "TOPIC", wanted.topic);
  result.add("groups", "GROUPS", wanted.groups);
  result.add("partitions", "PARTITIONS", std::int64_t{wanted.partitions});
  result.add("requests", "REQUESTS", sum.requests);
  result.add("commits", "COMMITS", sum.partitions);
  result.add("seconds", "SECONDS", seconds, 3);
  result.add("requests_per_s", "REQUESTS/S", static_cast<double>(sum.requests) / seconds, 0);
  result.add("commits_per_s", "COMMITS/S", static_cast<double>(sum.partitions) / seconds, 0);
  result.add("cpu_seconds", "CPU S", time.cpu_seconds(), 3);
  result.add("request_ms", "request", sum.requests_took);
  result.print(to);
  return 0;
}

}  // namespace tidegate::cli::bench
