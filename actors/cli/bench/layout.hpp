#pragma once

#include "actors/cli/admin/cluster.hpp"
#include "actors/cli/bench/wire_connection.hpp"

/// Where the topic and the groups of a load are. Errors: kafka_failure.
namespace tidegate::cli::bench {

/// The partitions that one broker leads.
struct led_partitions {
  broker_address leader;
  std::vector<std::int32_t> partitions;  // in order
};

/// Who leads the partitions of a topic that is there.
std::vector<led_partitions> leaders_of(cluster& at, const std::string& topic);

/// The same of partitions 0 to `partitions` − 1 of a topic that is created when it is not there; 0: all there are, or the
/// broker's num.partitions. Waits for leaders.
std::vector<led_partitions> leaders_of_new(cluster& at, const std::string& topic, std::int32_t partitions);

/// How many partitions these are together.
std::size_t partitions_in(const std::vector<led_partitions>& all);

/// The first offset and the end of each partition. Errors: also when one of them cannot be known.
std::map<std::int32_t, log_range> ranges_of(cluster& at, const std::string& topic,
                                            const std::vector<led_partitions>& all);

/// Which broker coordinates each group. Waits while the cluster makes itself ready for groups.
std::map<broker_address, std::vector<std::string>> coordinators_of(cluster& at, const std::vector<std::string>& groups);

}  // namespace tidegate::cli::bench
