#include "messages/kafka/api_versions.hpp"
#include "messages/kafka/codec_visitors.hpp"
#include "messages/kafka/create_topics.hpp"
#include "messages/kafka/delete_topics.hpp"
#include "messages/kafka/describe_configs.hpp"
#include "messages/kafka/metadata.hpp"

// A request is decoded here and encoded only by tests and load generators; a response the other way round.
namespace tidegate::kafka {

template std::optional<api_versions_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const api_versions_request&, std::int16_t);
template std::optional<api_versions_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const api_versions_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const api_versions_response&);

template std::optional<metadata_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const metadata_request&, std::int16_t);
template std::optional<metadata_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const metadata_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const metadata_response&);

template std::optional<create_topics_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const create_topics_request&, std::int16_t);
template std::optional<create_topics_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const create_topics_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const create_topics_response&);

template std::optional<delete_topics_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const delete_topics_request&, std::int16_t);
template std::optional<delete_topics_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const delete_topics_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const delete_topics_response&);

template std::optional<describe_configs_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const describe_configs_request&, std::int16_t);
template std::optional<describe_configs_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const describe_configs_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const describe_configs_response&);

}  // namespace tidegate::kafka
