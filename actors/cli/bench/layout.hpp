#pragma once

#include "actors/cli/admin/cluster.hpp"
#include "actors/cli/bench/wire_connection.hpp"

#include <algorithm>

/// Where the topic and the groups of a load are. Errors: kafka_failure.
namespace tidegate::cli::bench {

/// The partitions that one broker leads.
struct led_partitions {
  broker_address leader;
  std::vector<std::int32_t> partitions;  // in order
};

/// Who leads partitions 0 to `partitions` − 1 of a topic that is there; 0: all there are.
std::vector<led_partitions> leaders_of(cluster& at, const std::string& topic, std::int32_t partitions = 0);

using topic_settings = std::vector<std::pair<std::string, std::string>>;

/// The same of a topic that is created with these settings when it is not there, for 0 partitions with the broker's
/// num.partitions. Waits for leaders.
std::vector<led_partitions> leaders_of_new(cluster& at, const std::string& topic, std::int32_t partitions,
                                           const topic_settings& settings = {});

/// How many partitions these are together.
std::size_t partitions_in(const std::vector<led_partitions>& all);

/// The first offset and the end of each partition. Errors: also when one of them cannot be known.
std::map<std::int32_t, log_range> ranges_of(cluster& at, const std::string& topic,
                                            const std::vector<led_partitions>& all);

/// Deals things to at most `hands` hands; nobody's is empty.
template <class T>
std::vector<std::vector<T>> dealt(const std::vector<T>& things, std::int64_t hands) {
  std::vector<std::vector<T>> all(std::min(static_cast<std::size_t>(hands), things.size()));
  for (std::size_t i = 0; i < things.size(); ++i) all[i % all.size()].push_back(things[i]);
  return all;
}

broker_address a_broker_of(cluster& at);

/// Which broker coordinates each group. Waits while the cluster makes itself ready for groups.
std::map<broker_address, std::vector<std::string>> coordinators_of(cluster& at, const std::vector<std::string>& groups);

}  // namespace tidegate::cli::bench
