// DescribeGroups, ListGroups, DeleteGroups: what admin tools ask about groups.
#include "actors/handlers/authorized.hpp"
#include "actors/handlers/services.hpp"
#include "actors/handlers/shown.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/actor/fan_in.hpp"
#include "messages/kafka/delete_groups.hpp"
#include "messages/kafka/describe_groups.hpp"
#include "messages/kafka/list_groups.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace tidegate::actors::handlers {

namespace {

using described = kafka::describe_groups_response::group;

described to_wire(const std::string& group, const msg::describe_group_result& found, std::int16_t version) {
  described out;
  out.group_id = group;
  out.error_code = found.error;
  out.group_state = found.state;
  out.protocol_type = found.protocol_type;
  out.protocol_data = found.protocol_name;
  // From version 6 on an unknown group is an error (KIP-1043); before, it is a dead one.
  if (found.error == error_code::none && found.state == "Dead" && version >= 6) {
    out.error_code = error_code::group_id_not_found;
    out.error_message = "Group " + shown(group) + " not found.";
  }
  for (const auto& m : found.members)
    out.members.push_back({m.member_id, m.instance_id, m.client_id, m.client_host, m.metadata, m.assignment});
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Empty: everything matches.
std::set<std::string> filter_of(const std::vector<std::string>& values) {
  std::set<std::string> filter;
  for (const auto& value : values) filter.insert(lower(value));
  return filter;
}

bool matches(const std::set<std::string>& filter, const std::string& value) {
  return filter.empty() || filter.count(lower(value)) > 0;
}

/// Every name once: a short request could ask for a large group a thousand times.
std::vector<std::string> without_repeats(std::vector<std::string> names) {
  std::set<std::string> seen;
  std::erase_if(names, [&](const std::string& name) { return !seen.insert(name).second; });
  return names;
}

/// Positions lie in the topics' directories. Otherwise `then` is dropped, and the replies in it answer.
void when_topics_are_known(const services& node, const request_ptr& r, std::function<void()> then) {
  auto loaded = [then = std::move(then), token = r->hold()](error_code error) mutable {
    if (error == error_code::none) then();
    then = nullptr;
    token.reset();
  };
  node.topics.send(msg::load_all_topics{reply<error_code>{error_code::coordinator_not_available, std::move(loaded)}});
}

}  // namespace

/// DescribeGroups (API key 15). Errors per group: coordinator_not_available, group_id_not_found (from version 6 on).
void describe_groups(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::describe_groups_request>();
  if (!asked) return;
  const auto names = without_repeats(std::move(asked->groups));
  const bool operations = asked->include_authorized_operations;
  auto all = fan_in<described>::make(names.size(), [r, operations](std::vector<described> groups) {
    kafka::describe_groups_response out;
    out.groups = std::move(groups);
    for (auto& group : out.groups)
      if (operations && group.error_code == error_code::none) group.authorized_operations = all_group_operations;
    r->answer(out);
  });
  std::vector<msg::describe_group> wanted;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& group = names[i];
    described dropped;
    dropped.group_id = group;
    dropped.error_code = error_code::coordinator_not_available;
    auto answer = [group, slot = all->slot(i, dropped), version = r->header.api_version](
                    msg::describe_group_result found) { slot(to_wire(group, found, version)); };
    wanted.push_back({group, msg::reply_or_unavailable<msg::describe_group_result>(answer)});
  }
  when_topics_are_known(node, r, [&node, wanted = std::move(wanted)] {
    for (const auto& m : wanted) node.groups.send(m);
  });
}

/// ListGroups (API key 16). Error: coordinator_not_available (not every group can be looked up now).
void list_groups(const services& node, const request_ptr& r) {
  auto decoded = r->decode<kafka::list_groups_request>();
  if (!decoded) return;
  auto answer = [r, states = filter_of(decoded->states_filter),
                 types = filter_of(decoded->types_filter)](msg::list_groups_result found) {
    kafka::list_groups_response out;
    out.error_code = found.error;
    for (const auto& row : found.groups)
      if (matches(states, row.state) && matches(types, "classic"))
        out.groups.push_back({row.group_id, row.protocol_type, row.state, "classic"});
    r->answer(out);
  };
  msg::list_groups m{reply<msg::list_groups_result>{{}, answer}};
  when_topics_are_known(node, r, [&node, m = std::move(m)] { node.groups.send(m); });
}

/// DeleteGroups (API key 42). Errors per group: non_empty_group, group_id_not_found, coordinator_not_available.
void delete_groups(const services& node, const request_ptr& r) {
  auto decoded = r->decode<kafka::delete_groups_request>();
  if (!decoded) return;
  const auto names = without_repeats(std::move(decoded->groups_names));
  auto all = fan_in<error_code>::make(names.size(), [r, names](std::vector<error_code> errors) {
    kafka::delete_groups_response out;
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto& result = out.results.emplace_back();
      result.group_id = names[i];
      result.error_code = errors[i];
    }
    r->answer(out);
  });
  std::vector<msg::delete_group> asked;
  for (std::size_t i = 0; i < names.size(); ++i)
    asked.push_back({names[i], all->slot(i, error_code::coordinator_not_available)});
  when_topics_are_known(node, r, [&node, asked = std::move(asked)] {
    for (const auto& m : asked) node.groups.send(m);
  });
}

}  // namespace tidegate::actors::handlers
