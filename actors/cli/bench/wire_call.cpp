#include "actors/cli/bench/wire_call.hpp"

#include "actors/cli/admin/cluster.hpp"

#include <poll.h>

namespace tidegate::cli::bench {

namespace {

constexpr std::string_view client_id = "tidegate-bench";
constexpr std::size_t length_size = 4, correlation_id_at = 8;

template <class T>
void append(byte_buffer& to, T value) {
  for (auto shift = 8 * static_cast<int>(sizeof(T)) - 8; shift >= 0; shift -= 8)
    to.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> static_cast<unsigned>(shift)));
}

void put_int32(std::byte* to, std::int32_t value) {
  for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<std::byte>(static_cast<std::uint32_t>(value) >> (24 - 8 * i));
}

}  // namespace

byte_buffer request_frame(kafka::api_key api, std::int16_t version, const std::vector<shared_bytes>& body) {
  byte_buffer frame(length_size);
  append(frame, static_cast<std::int16_t>(api));
  append(frame, version);
  append(frame, std::int32_t{0});
  append(frame, static_cast<std::int16_t>(client_id.size()));
  const auto id = as_byte_view(client_id);
  frame.insert(frame.end(), id.begin(), id.end());
  for (const auto& part : body) frame.insert(frame.end(), part.view().begin(), part.view().end());
  put_int32(frame.data(), static_cast<std::int32_t>(frame.size() - length_size));
  return frame;
}

void set_correlation_id(std::span<std::byte> frame, std::int32_t id) { put_int32(frame.data() + correlation_id_at, id); }

void fail_malformed(const broker_address& from) {
  throw kafka_failure("CORRUPT_MESSAGE: " + words_of(from) + " sent an answer that is none to what was asked");
}

byte_view answer_body(byte_view frame, std::int32_t id, const broker_address& from) {
  if (frame.size() < 4) fail_malformed(from);
  std::uint32_t got = 0;
  for (std::size_t i = 0; i < 4; ++i) got = (got << 8U) | std::to_integer<std::uint32_t>(frame[i]);
  if (static_cast<std::int32_t>(got) != id) fail_malformed(from);
  return frame.subspan(4);
}

byte_view exchange(wire_connection& with, byte_buffer frame, std::chrono::milliseconds timeout) {
  const auto until = clock::now() + timeout;
  with.send(frame);
  for (;;) {
    if (with.is_sending()) with.send_more();
    if (const auto answer = with.receive()) return answer_body(*answer, 0, with.broker());
    if (!with.wait(until))
      throw kafka_failure("REQUEST_TIMED_OUT: no answer from " + words_of(with.broker()) + " within " +
                          std::to_string(timeout.count()) + " ms");
  }
}

bool is_not_ready(error_code error) {
  using enum error_code;
  return error == unknown_topic_or_partition || error == leader_not_available || error == not_leader_or_follower ||
         error == coordinator_not_available || error == coordinator_load_in_progress || error == not_coordinator;
}

error_code until_ready(std::chrono::milliseconds timeout, const std::function<error_code()>& ask) {
  for (const auto until = clock::now() + timeout;;) {
    const auto answer = ask();
    if (!is_not_ready(answer) || clock::now() > until) return answer;
    poll(nullptr, 0, static_cast<int>(a_moment.count()));
  }
}

std::string error_words(error_code code) { return error_line(static_cast<rd_kafka_resp_err_t>(code)); }

}  // namespace tidegate::cli::bench
