#include "actors/cli/admin/group_commands.hpp"

#include "actors/cli/admin/group_reports.hpp"
#include "actors/cli/admin/json.hpp"
#include "actors/cli/admin/lag_collector.hpp"
#include "actors/cli/admin/table.hpp"

#include <algorithm>
#include <ostream>

namespace tidegate::cli {

namespace {

constexpr std::size_t groups_per_page = 1000;  // whose positions are in memory at the same time

std::vector<std::string> without_repeats(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Calls `handle` with each part of a vector that is not longer than a page.
template <class T, class Handle>
void each_page(const std::vector<T>& all, const Handle& handle) {
  for (std::size_t from = 0; from < all.size(); from += groups_per_page) {
    const auto until = std::min(from + groups_per_page, all.size());
    handle(std::vector<T>(all.begin() + static_cast<std::ptrdiff_t>(from),
                          all.begin() + static_cast<std::ptrdiff_t>(until)));
  }
}

/// Gives `take` the groups that are there, with their lags; the others are lines on stderr. Answers whether all were.
template <class Take>
bool take_lags(cluster& at, std::vector<group_description> groups, bool with_age, const output& to, const Take& take) {
  auto answers = collect_lags(at, groups, with_age, to);
  bool all_there = true;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    auto error = groups[i].error.empty() ? answers[i].error : groups[i].error;
    if (error.empty() && groups[i].state == "Dead" && answers[i].lags.empty())
      error = error_line(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    if (error.empty())
      take(group_report{std::move(groups[i]), std::move(answers[i].lags)});
    else
      to.report(groups[i].group + ": " + error);
    all_there &= error.empty();
  }
  return all_there;
}

template <class Take>
bool take_described(cluster& at, const std::vector<std::string>& names, bool with_age, const output& to,
                    const Take& take) {
  bool all_there = true;
  each_page(names, [&](const std::vector<std::string>& page) {
    all_there &= take_lags(at, describe_groups(at, page, to.progress("groups", page.size())), with_age, to, take);
  });
  return all_there;
}

/// Every group of the cluster; the list has told their states.
template <class Take>
bool take_listed(cluster& at, bool with_age, const output& to, const Take& take) {
  bool all_there = true;
  each_page(list_groups(at, ""), [&](const std::vector<group_listing>& page) {
    std::vector<group_description> groups(page.size());
    for (std::size_t i = 0; i < page.size(); ++i) {
      groups[i].group = page[i].group;
      groups[i].state = page[i].state;
    }
    all_there &= take_lags(at, std::move(groups), with_age, to, take);
  });
  return all_there;
}

}  // namespace

int run_group_list(cluster& at, const group_list_options& wanted, const output& to) {
  const auto groups = list_groups(at, wanted.state);
  if (to.is_json) {
    json_list document("groups");
    for (const auto& one : groups) document.add(to_json(one));
    document.print(to.out);
  } else if (wanted.names_only) {
    for (const auto& one : groups) to.out << printable(one.group) << '\n';
  } else {
    print_groups(to.out, groups);
  }
  return 0;
}

int run_group_describe(cluster& at, const std::vector<std::string>& groups, const output& to) {
  json_list document("groups");
  bool is_first = true;
  const bool all_there = take_described(at, without_repeats(groups), true, to, [&](const group_report& one) {
    if (to.is_json) return document.add(to_json(one));
    if (!is_first) to.out << '\n';
    is_first = false;
    print_group(to.out, one);
  });
  if (to.is_json) document.print(to.out);
  return all_there ? 0 : 1;
}

int run_group_lag(cluster& at, const group_lag_options& wanted, const output& to) {
  std::vector<group_lag> totals;
  const auto take = [&](const group_report& one) {
    totals.push_back(total_of(one.about.group, one.about.state, one.lags));
  };
  const bool all_there = wanted.groups.empty()
                           ? take_listed(at, wanted.with_age, to, take)
                           : take_described(at, without_repeats(wanted.groups), wanted.with_age, to, take);
  if (!to.is_json) return print_totals(to.out, totals, wanted.with_age), all_there ? 0 : 1;
  json_list document("groups");
  for (const auto& one : totals) document.add(to_json(one));
  document.print(to.out);
  return all_there ? 0 : 1;
}

int run_group_delete(cluster& at, const std::vector<std::string>& groups, const output& to) {
  json_list document("groups");
  bool all_gone = true;
  for (const auto& one : delete_groups(at, without_repeats(groups))) {
    const bool is_gone = one.error.empty();
    all_gone &= is_gone;
    if (!is_gone) to.report(one.name + ": " + one.error);
    if (to.is_json)
      document.add({{"group", json_text(one.name)}, {"deleted", is_gone}, {"error", json_text(one.error)}});
    else if (is_gone)
      to.out << "deleted group " << printable(one.name) << '\n';
  }
  if (to.is_json) document.print(to.out);
  return all_gone ? 0 : 1;
}

}  // namespace tidegate::cli
