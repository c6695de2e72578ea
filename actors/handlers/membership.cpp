// JoinGroup, SyncGroup, Heartbeat, LeaveGroup: the classic group protocol.
#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "messages/kafka/heartbeat.hpp"
#include "messages/kafka/join_group.hpp"
#include "messages/kafka/leave_group.hpp"
#include "messages/kafka/sync_group.hpp"

namespace tidegate::actors::handlers {

namespace {

kafka::join_group_response to_wire(const msg::join_group_result& joined, std::int16_t version) {
  kafka::join_group_response out;
  out.throttle_time_ms = joined.throttle_ms;
  out.error_code = joined.error;
  out.generation_id = joined.generation;
  if (!joined.protocol_type.empty()) out.protocol_type = joined.protocol_type;
  // Null is legal from version 7 on.
  if (version >= 7 && joined.protocol_name.empty())
    out.protocol_name.reset();
  else
    out.protocol_name = joined.protocol_name;
  out.leader = joined.leader;
  out.skip_assignment = joined.skip_assignment;
  out.member_id = joined.member_id;
  for (const auto& m : joined.members) out.members.push_back({m.member_id, m.instance_id, m.metadata});
  return out;
}

}  // namespace

/// JoinGroup (API key 11). Answered when the round is complete, after up to the rebalance timeout.
/// Errors: invalid_group_id, coordinator_not_available and what core::group::on_join says.
void join_group(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::join_group_request>();
  if (!asked) return;
  const auto version = r->header.api_version;
  if (asked->group_id.empty()) {
    msg::join_group_result refused;
    refused.error = error_code::invalid_group_id;
    refused.member_id = asked->member_id;
    return r->answer(to_wire(refused, version));
  }
  msg::join_group m;
  m.group_id = std::move(asked->group_id);
  m.member_id = std::move(asked->member_id);
  m.instance_id = std::move(asked->group_instance_id);
  m.client_id = r->header.client_id.value_or("");
  m.client_host = r->client_host();
  m.session_timeout_ms = asked->session_timeout_ms;
  m.rebalance_timeout_ms = version >= 1 ? asked->rebalance_timeout_ms : asked->session_timeout_ms;
  m.protocol_type = std::move(asked->protocol_type);
  for (auto& p : asked->protocols) m.protocols.push_back({std::move(p.name), std::move(p.metadata)});
  m.member_id_required = version >= 4;
  m.supports_skip_assignment = version >= 9;
  m.answer = msg::reply_or_unavailable<msg::join_group_result>(
    [r, version](msg::join_group_result joined) { r->answer(to_wire(joined, version)); });
  node.groups.send(std::move(m));
}

/// SyncGroup (API key 14). Answered when the leader's assignments are stored.
/// Errors: invalid_group_id, coordinator_not_available and what core::group::on_sync says.
void sync_group(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::sync_group_request>();
  if (!asked) return;
  const bool names_protocol = asked->protocol_type && asked->protocol_name;
  kafka::sync_group_response refused;
  if (asked->group_id.empty())
    refused.error_code = error_code::invalid_group_id;
  else if (r->header.api_version >= 5 && !names_protocol)
    refused.error_code = error_code::inconsistent_group_protocol;
  if (refused.error_code != error_code::none) return r->answer(refused);
  msg::sync_group m;
  m.group_id = std::move(asked->group_id);
  m.generation = asked->generation_id;
  m.member_id = std::move(asked->member_id);
  m.instance_id = std::move(asked->group_instance_id);
  m.protocol_type = std::move(asked->protocol_type);
  m.protocol_name = std::move(asked->protocol_name);
  for (auto& a : asked->assignments) m.assignments.push_back({std::move(a.member_id), std::move(a.assignment)});
  m.answer = msg::reply_or_unavailable<msg::sync_group_result>(
    [r](msg::sync_group_result synced) {
      kafka::sync_group_response out;
      out.error_code = synced.error;
      if (!synced.protocol_type.empty()) out.protocol_type = synced.protocol_type;
      if (!synced.protocol_name.empty()) out.protocol_name = synced.protocol_name;
      out.assignment = std::move(synced.assignment);
      r->answer(out);
    });
  node.groups.send(std::move(m));
}

/// Heartbeat (API key 12). Errors: invalid_group_id, coordinator_not_available, unknown_member_id, fenced_instance_id,
/// illegal_generation, rebalance_in_progress.
void heartbeat(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::heartbeat_request>();
  if (!asked) return;
  auto answer = [r](error_code error) {
    kafka::heartbeat_response out;
    out.error_code = error;
    r->answer(out);
  };
  if (asked->group_id.empty()) return answer(error_code::invalid_group_id);
  node.groups.send(msg::heartbeat{asked->group_id, asked->generation_id, asked->member_id,
                                  asked->group_instance_id, msg::error_reply(answer)});
}

/// LeaveGroup (API key 13), one member before version 3.
/// Errors: invalid_group_id, coordinator_not_available; per member unknown_member_id, fenced_instance_id.
void leave_group(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::leave_group_request>();
  if (!asked) return;
  const bool one = r->header.api_version < 3;
  if (asked->group_id.empty()) {
    kafka::leave_group_response refused;
    refused.error_code = error_code::invalid_group_id;
    return r->answer(refused);
  }
  msg::leave_group m;
  m.group_id = std::move(asked->group_id);
  if (one) m.members.push_back({std::move(asked->member_id), std::nullopt});
  for (auto& member : asked->members) m.members.push_back({member.member_id, member.group_instance_id});
  auto members = m.members;
  m.answer = msg::reply_or_unavailable<msg::leave_group_result>(
    [r, one, members](msg::leave_group_result left) {
      kafka::leave_group_response out;
      out.error_code = left.error;
      if (left.error == error_code::none && one && !left.members.empty()) out.error_code = left.members.front();
      if (left.error == error_code::none && !one)
        for (std::size_t i = 0; i < members.size() && i < left.members.size(); ++i)
          out.members.push_back({members[i].member_id, members[i].instance_id, left.members[i]});
      r->answer(out);
    });
  node.groups.send(std::move(m));
}

}  // namespace tidegate::actors::handlers
