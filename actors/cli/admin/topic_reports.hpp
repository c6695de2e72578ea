#pragma once

#include "actors/cli/admin/values.hpp"

#include <boost/json/object.hpp>

#include <iosfwd>
#include <map>

/// How topics are shown: to people as text, to programs as JSON. Values in, text out.
namespace tidegate::cli {

/// One topic as `topics describe` shows it.
struct topic_report {
  topic_metadata about;
  std::map<std::int32_t, log_range> logs;
  std::map<std::string, std::string> configs;  // that are not their defaults
};

/// One topic as `topics list` shows it: its partitions' logs added up.
struct topic_total {
  std::string topic;
  std::int64_t partitions = 0;
  std::int64_t start = 0, end = 0;  // of the partitions whose log is known
  std::int64_t unknown = 0;         // of those whose log is not
};
topic_total total_of(const topic_metadata& topic, const std::map<topic_partition, log_range>& logs);

void print_totals(std::ostream& out, const std::vector<topic_total>& totals);
void print_topic(std::ostream& out, const topic_report& topic);

boost::json::object to_json(const topic_total& total);
boost::json::object to_json(const topic_report& topic);

}  // namespace tidegate::cli
