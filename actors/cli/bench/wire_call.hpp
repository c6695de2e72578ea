#pragma once

#include "actors/cli/admin/values.hpp"
#include "actors/cli/bench/wire_connection.hpp"
#include "messages/common/error_code.hpp"
#include "messages/kafka/codec.hpp"

#include <functional>
#include <span>

/// Requests and answers of the fixed versions that the load speaks. None of them is flexible, and every broker from
/// Kafka 2.4 to 4.x knows them.
namespace tidegate::cli::bench {

inline constexpr std::int16_t produce_version = 8, fetch_version = 11, offset_commit_version = 7,
                              offset_fetch_version = 5,
                              find_coordinator_version = 2, init_producer_id_version = 1;

/// A request's frame with correlation id 0, around an encoded body.
byte_buffer request_frame(kafka::api_key api, std::int16_t version, const std::vector<shared_bytes>& body);

template <class Request>
byte_buffer request_frame(const Request& request, std::int16_t version) {
  return request_frame(Request::api, version, kafka::encode(request, version));
}

void set_correlation_id(std::span<std::byte> frame, std::int32_t id);

/// What stands behind the correlation id, which must be `id`. Errors: kafka_failure.
byte_view answer_body(byte_view frame, std::int32_t id, const broker_address& from);

/// An answer to a kafka_failure that says whose it was.
[[noreturn]] void fail_malformed(const broker_address& from);

/// The answer; record batches in it are slices of `body`.
template <class Response>
Response decoded(byte_view body, std::int16_t version, const broker_address& from) {
  auto answer = kafka::decode<Response>(shared_bytes(nullptr, body), version);
  if (!answer) fail_malformed(from);
  return std::move(*answer);
}

/// Sends one request on a connection on which nothing else is, and waits for its answer, which is valid until the next.
byte_view exchange(wire_connection& with, byte_buffer frame, std::chrono::milliseconds timeout);

template <class Response, class Request>
Response call(wire_connection& with, const Request& request, std::int16_t version, std::chrono::milliseconds timeout) {
  return decoded<Response>(exchange(with, request_frame(request, version), timeout), version, with.broker());
}

/// Whether an error says that the same request may do a little later.
bool is_not_ready(error_code error);

/// How long clients wait before they ask again.
inline constexpr std::chrono::milliseconds a_moment(50);

/// Asks until the answer is another than that something is not ready yet, as it is for a moment in a cluster that has made
/// a topic, or its first group; at most for `timeout`. The last answer.
error_code until_ready(std::chrono::milliseconds timeout, const std::function<error_code()>& ask);

/// "NAME: text" of an error code, whatever the number.
std::string error_words(error_code code);

}  // namespace tidegate::cli::bench
