#include "messages/kafka/alter_configs.hpp"
#include "messages/kafka/codec_visitors.hpp"
#include "messages/kafka/create_partitions.hpp"
#include "messages/kafka/describe_cluster.hpp"
#include "messages/kafka/describe_log_dirs.hpp"
#include "messages/kafka/incremental_alter_configs.hpp"
#include "messages/kafka/list_config_resources.hpp"
#include "messages/kafka/sasl_handshake.hpp"

// A request is decoded here and encoded only by tests and load generators; a response the other way round.
namespace tidegate::kafka {

template std::optional<create_partitions_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const create_partitions_request&, std::int16_t);
template std::optional<create_partitions_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const create_partitions_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const create_partitions_response&);

template std::optional<alter_configs_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const alter_configs_request&, std::int16_t);
template std::optional<alter_configs_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const alter_configs_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t, const alter_configs_response&);

template std::optional<incremental_alter_configs_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const incremental_alter_configs_request&, std::int16_t);
template std::optional<incremental_alter_configs_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const incremental_alter_configs_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const incremental_alter_configs_response&);

template std::optional<describe_cluster_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const describe_cluster_request&, std::int16_t);
template std::optional<describe_cluster_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const describe_cluster_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const describe_cluster_response&);

template std::optional<describe_log_dirs_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const describe_log_dirs_request&, std::int16_t);
template std::optional<describe_log_dirs_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const describe_log_dirs_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const describe_log_dirs_response&);

template std::optional<list_config_resources_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const list_config_resources_request&, std::int16_t);
template std::optional<list_config_resources_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const list_config_resources_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const list_config_resources_response&);

template std::optional<sasl_handshake_request> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const sasl_handshake_request&, std::int16_t);
template std::optional<sasl_handshake_response> decode(shared_bytes, std::int16_t, std::uint64_t);
template std::vector<shared_bytes> encode(const sasl_handshake_response&, std::int16_t);
template std::vector<shared_bytes> encode_response(api_key, std::int16_t, std::int32_t,
                                                   const sasl_handshake_response&);

}  // namespace tidegate::kafka
