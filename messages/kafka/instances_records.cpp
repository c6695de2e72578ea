#include "messages/kafka/codec_visitors.hpp"
#include "messages/kafka/delete_records.hpp"
#include "messages/kafka/fetch.hpp"
#include "messages/kafka/init_producer_id.hpp"
#include "messages/kafka/list_offsets.hpp"
#include "messages/kafka/offset_for_leader_epoch.hpp"
#include "messages/kafka/produce.hpp"

// A request is decoded here and encoded only by tests and load generators; a response the other way round.
namespace tidegate::kafka {

template std::optional<produce_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const produce_request&, std::int16_t);
template std::optional<produce_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const produce_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const produce_response&);

template std::optional<fetch_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const fetch_request&, std::int16_t);
template std::optional<fetch_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const fetch_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const fetch_response&);

template std::optional<list_offsets_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const list_offsets_request&, std::int16_t);
template std::optional<list_offsets_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const list_offsets_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const list_offsets_response&);

template std::optional<delete_records_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const delete_records_request&, std::int16_t);
template std::optional<delete_records_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const delete_records_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const delete_records_response&);

template std::optional<init_producer_id_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const init_producer_id_request&, std::int16_t);
template std::optional<init_producer_id_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const init_producer_id_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const init_producer_id_response&);

template std::optional<offset_for_leader_epoch_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const offset_for_leader_epoch_request&, std::int16_t);
template std::optional<offset_for_leader_epoch_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const offset_for_leader_epoch_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const offset_for_leader_epoch_response&);

}  // namespace tidegate::kafka
