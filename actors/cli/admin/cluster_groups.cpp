#include "actors/cli/admin/cluster_groups.hpp"

#include <algorithm>

namespace tidegate::cli {

namespace {

constexpr std::size_t groups_per_call = 16;  // of deletions, which librdkafka begins all at once

using offsets_request =
  c_owner<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy>;
using change_request =
  c_owner<rd_kafka_AlterConsumerGroupOffsets_t, rd_kafka_AlterConsumerGroupOffsets_destroy>;
using delete_request = c_owner<rd_kafka_DeleteGroup_t, rd_kafka_DeleteGroup_destroy>;

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

/// Throws what says that nobody answered; gives every other error as a line.
std::string answered_error(cluster& from, const rd_kafka_error_t* error) {
  if (error == nullptr || rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const auto code = rd_kafka_error_code(error);
  if (is_unreachable(code)) throw kafka_failure(from.explained(code, rd_kafka_error_string(error)));
  return error_line(error);
}

group_member member_of(const rd_kafka_MemberDescription_t* one) {
  group_member member{text_of(rd_kafka_MemberDescription_consumer_id(one)),
                      text_of(rd_kafka_MemberDescription_group_instance_id(one)),
                      text_of(rd_kafka_MemberDescription_client_id(one)),
                      text_of(rd_kafka_MemberDescription_host(one)),
                      {}};
  const auto* assignment = rd_kafka_MemberDescription_assignment(one);
  const auto* list = assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
  for (int i = 0; list != nullptr && i < list->cnt; ++i)
    member.partitions.push_back({list->elems[i].topic, list->elems[i].partition});
  std::ranges::sort(member.partitions);
  return member;
}

group_description description_of(cluster& from, const rd_kafka_ConsumerGroupDescription_t* one) {
  group_description group;
  group.group = rd_kafka_ConsumerGroupDescription_group_id(one);
  group.error = answered_error(from, rd_kafka_ConsumerGroupDescription_error(one));
  group.state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(one));
  group.protocol = text_of(rd_kafka_ConsumerGroupDescription_partition_assignor(one));
  if (const auto* node = rd_kafka_ConsumerGroupDescription_coordinator(one); node != nullptr)
    group.coordinator = std::to_string(rd_kafka_Node_id(node)) + " at " + text_of(rd_kafka_Node_host(node)) + ":" +
                        std::to_string(rd_kafka_Node_port(node));
  const auto members = rd_kafka_ConsumerGroupDescription_member_count(one);
  for (std::size_t i = 0; i < members; ++i)
    group.members.push_back(member_of(rd_kafka_ConsumerGroupDescription_member(one, i)));
  std::ranges::sort(group.members, {}, &group_member::member_id);
  return group;
}

group_offsets offsets_of(cluster& from, const rd_kafka_group_result_t* group) {
  group_offsets result{answered_error(from, rd_kafka_group_result_error(group)), {}};
  const auto* list = rd_kafka_group_result_partitions(group);
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const auto& one = list->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      result.error = error_line(one.err) + " (" + one.topic + " " + std::to_string(one.partition) + ")";
    } else if (one.offset >= 0) {
      const auto* metadata = static_cast<const char*>(one.metadata);
      std::string text(metadata, metadata + one.metadata_size);
      if (text.ends_with('\0')) text.pop_back();  // confluent-kafka for Python commits the end of its C string, too
      result.offsets.push_back({{one.topic, one.partition}, one.offset, std::move(text)});
    }
  }
  std::ranges::sort(result.offsets, {}, &committed_offset::at);
  return result;
}

}  // namespace

const std::vector<std::string>& group_states() {
  static const std::vector<std::string> states = {"Empty", "Stable", "PreparingRebalance", "CompletingRebalance",
                                                  "Dead"};
  return states;
}

std::vector<group_listing> list_groups(cluster& from, const std::string& state) {
  std::vector<group_listing> groups;
  const auto start = [&](std::size_t, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
    const auto code = rd_kafka_consumer_group_state_code(state.c_str());
    if (!state.empty())
      if (auto* failed = rd_kafka_AdminOptions_set_match_consumer_group_states(options, &code, 1); failed != nullptr) {
        const c_owner<rd_kafka_error_t, rd_kafka_error_destroy> owned(failed);
        throw kafka_failure(error_line(failed));
      }
    rd_kafka_ListConsumerGroups(from.handle(), options, answers);
  };
  const auto take = [&](std::size_t, rd_kafka_event_t* event) {
    const auto* result = rd_kafka_event_ListConsumerGroups_result(event);
    std::size_t count = 0;
    const auto* const* errors = rd_kafka_ListConsumerGroups_result_errors(result, &count);
    if (count > 0)
      throw kafka_failure(from.explained(rd_kafka_error_code(errors[0]), rd_kafka_error_string(errors[0])));
    const auto* const* valid = rd_kafka_ListConsumerGroups_result_valid(result, &count);
    for (std::size_t i = 0; i < count; ++i) {
      group_listing one{rd_kafka_ConsumerGroupListing_group_id(valid[i]),
                        rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupListing_state(valid[i])),
                        rd_kafka_ConsumerGroupListing_is_simple_consumer_group(valid[i]) != 0};
      // Brokers before Kafka 2.6 do not filter.
      if (state.empty() || one.state == state) groups.push_back(std::move(one));
    }
  };
  from.call(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, 1, start, take);
  std::ranges::sort(groups, {}, &group_listing::group);
  return groups;
}

std::vector<group_description> describe_groups(cluster& from, const std::vector<std::string>& names,
                                               const progress_report& progress) {
  std::vector<group_description> found(names.size());
  std::size_t done = 0;
  const auto start = [&](std::size_t i, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
    const auto* name = names[i].c_str();
    rd_kafka_DescribeConsumerGroups(from.handle(), &name, 1, options, answers);
  };
  const auto take = [&](std::size_t i, rd_kafka_event_t* event) {
    std::size_t count = 0;
    const auto* const* groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    if (count > 0) found[i] = description_of(from, groups[0]);
    progress(++done);
  };
  from.call(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, names.size(), start, take);
  return found;
}

std::vector<group_offsets> committed_offsets(cluster& from, const std::vector<std::string>& names,
                                             const progress_report& progress) {
  std::vector<group_offsets> found(names.size());
  std::size_t done = 0;
  const auto start = [&](std::size_t i, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
    const offsets_request request(rd_kafka_ListConsumerGroupOffsets_new(names[i].c_str(), nullptr));
    auto* one = request.get();
    rd_kafka_ListConsumerGroupOffsets(from.handle(), &one, 1, options, answers);
  };
  const auto take = [&](std::size_t i, rd_kafka_event_t* event) {
    std::size_t count = 0;
    const auto* const* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    if (count > 0) found[i] = offsets_of(from, groups[0]);
    progress(++done);
  };
  from.call(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, names.size(), start, take);
  return found;
}

std::map<topic_partition, std::string> set_offsets(cluster& of, const std::string& group,
                                                   const std::map<topic_partition, std::int64_t>& offsets) {
  std::map<topic_partition, std::string> failed;
  const auto list = partition_list_of(offsets);
  const change_request request(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  const auto start = [&](std::size_t, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
    auto* one = request.get();
    rd_kafka_AlterConsumerGroupOffsets(of.handle(), &one, 1, options, answers);
  };
  const auto take = [&](std::size_t, rd_kafka_event_t* event) {
    std::size_t count = 0;
    const auto* const* groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event), &count);
    for (std::size_t i = 0; i < count; ++i) {
      if (auto error = answered_error(of, rd_kafka_group_result_error(groups[i])); !error.empty())
        throw kafka_failure(error);
      const auto* answered = rd_kafka_group_result_partitions(groups[i]);
      for (int p = 0; answered != nullptr && p < answered->cnt; ++p)
        if (answered->elems[p].err != RD_KAFKA_RESP_ERR_NO_ERROR)
          failed[{answered->elems[p].topic, answered->elems[p].partition}] = error_line(answered->elems[p].err);
    }
  };
  of.call(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, 1, start, take);
  return failed;
}

std::vector<outcome> delete_groups(cluster& of, const std::vector<std::string>& names) {
  std::vector<outcome> outcomes;
  for (std::size_t done = 0; done < names.size(); done += groups_per_call) {
    std::vector<delete_request> owned;
    std::vector<rd_kafka_DeleteGroup_t*> requests;
    for (auto i = done; i < std::min(done + groups_per_call, names.size()); ++i) {
      owned.emplace_back(rd_kafka_DeleteGroup_new(names[i].c_str()));
      requests.push_back(owned.back().get());
    }
    const auto start = [&](std::size_t, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
      rd_kafka_DeleteGroups(of.handle(), requests.data(), requests.size(), options, answers);
    };
    const auto take = [&](std::size_t, rd_kafka_event_t* event) {
      std::size_t count = 0;
      const auto* const* groups =
        rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
      for (std::size_t i = 0; i < count; ++i)
        outcomes.push_back(
          {rd_kafka_group_result_name(groups[i]), answered_error(of, rd_kafka_group_result_error(groups[i]))});
    };
    of.call(RD_KAFKA_ADMIN_OP_DELETEGROUPS, 1, start, take);
  }
  std::ranges::sort(outcomes, {}, &outcome::name);
  return outcomes;
}

}  // namespace tidegate::cli
