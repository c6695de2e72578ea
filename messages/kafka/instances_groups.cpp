#include "messages/kafka/codec_visitors.hpp"
#include "messages/kafka/delete_groups.hpp"
#include "messages/kafka/describe_groups.hpp"
#include "messages/kafka/find_coordinator.hpp"
#include "messages/kafka/heartbeat.hpp"
#include "messages/kafka/join_group.hpp"
#include "messages/kafka/leave_group.hpp"
#include "messages/kafka/list_groups.hpp"
#include "messages/kafka/offset_commit.hpp"
#include "messages/kafka/offset_delete.hpp"
#include "messages/kafka/offset_fetch.hpp"
#include "messages/kafka/sync_group.hpp"

// A request is decoded here and encoded only by tests and load generators; a response the other way round.
namespace tidegate::kafka {

template std::optional<find_coordinator_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const find_coordinator_request&, std::int16_t);
template std::optional<find_coordinator_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const find_coordinator_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const find_coordinator_response&);

template std::optional<join_group_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const join_group_request&, std::int16_t);
template std::optional<join_group_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const join_group_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const join_group_response&);

template std::optional<sync_group_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const sync_group_request&, std::int16_t);
template std::optional<sync_group_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const sync_group_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const sync_group_response&);

template std::optional<heartbeat_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const heartbeat_request&, std::int16_t);
template std::optional<heartbeat_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const heartbeat_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const heartbeat_response&);

template std::optional<leave_group_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const leave_group_request&, std::int16_t);
template std::optional<leave_group_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const leave_group_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const leave_group_response&);

template std::optional<offset_commit_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const offset_commit_request&, std::int16_t);
template std::optional<offset_commit_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const offset_commit_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const offset_commit_response&);

template std::optional<offset_fetch_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const offset_fetch_request&, std::int16_t);
template std::optional<offset_fetch_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const offset_fetch_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const offset_fetch_response&);

template std::optional<describe_groups_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const describe_groups_request&, std::int16_t);
template std::optional<describe_groups_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const describe_groups_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const describe_groups_response&);

template std::optional<list_groups_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const list_groups_request&, std::int16_t);
template std::optional<list_groups_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const list_groups_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const list_groups_response&);

template std::optional<delete_groups_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const delete_groups_request&, std::int16_t);
template std::optional<delete_groups_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const delete_groups_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const delete_groups_response&);

template std::optional<offset_delete_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const offset_delete_request&, std::int16_t);
template std::optional<offset_delete_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const offset_delete_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const offset_delete_response&);

}  // namespace tidegate::kafka
