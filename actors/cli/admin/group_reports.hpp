#pragma once

#include "actors/cli/admin/lag.hpp"

#include <boost/json/object.hpp>

#include <iosfwd>

/// How groups are shown: to people as text, to programs as JSON. Values in, text out.
namespace tidegate::cli {

/// One group as `groups describe` shows it.
struct group_report {
  group_description about;
  std::vector<partition_lag> lags;
};

void print_groups(std::ostream& out, const std::vector<group_listing>& groups);
void print_group(std::ostream& out, const group_report& group);
void print_totals(std::ostream& out, const std::vector<group_lag>& totals, bool with_age);

boost::json::object to_json(const group_listing& group);
boost::json::object to_json(const group_report& group);
boost::json::object to_json(const group_lag& total);

/// "orders 0-3,7, returns 0": partitions of a member, in order.
std::string partition_words(const std::vector<topic_partition>& partitions);

}  // namespace tidegate::cli
