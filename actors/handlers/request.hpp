#pragma once

#include "actors/metrics/counters.hpp"
#include "messages/common/bytes.hpp"
#include "messages/kafka/codec.hpp"
#include "messages/kafka/error_visitor.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::actors {

struct services;
struct fetch_session;
class fetch_budget;

/// What lives as long as the connection and is touched only by its actor.
struct connection_scratch {
  std::shared_ptr<fetch_session> session;  // KIP-227; a session dies with its connection
  std::shared_ptr<actors::fetch_budget> fetch_budget;
  std::map<const void*, std::shared_ptr<void>> waiting;  // long polls; they hold their request, which holds this
  std::map<const void*, std::function<void()>> reading;  // fetches that read; each is told of the time now and then
  bool is_told_of_time = false;

  /// The connection is gone: nothing waits any more.
  void end() {
    session.reset();
    std::exchange(waiting, {}).clear();
    reading.clear();
  }
};

/// One request on its way. Handlers keep a shared_ptr to it until they have answered; when the last one is gone
/// without an answer, the connection is closed, as Kafka does when it cannot answer.
class request {
 public:
  /// What a request needs of its connection; every member may be called on any thread.
  struct link {
    std::function<void(std::vector<shared_bytes> parts, bool close, std::string reason)> answer;
    std::function<void(std::function<void()>)> post;
    std::function<void(std::chrono::milliseconds, std::function<void()>)> post_later;
    std::function<void()> stage_done;
  };

  request(kafka::request_frame frame, std::string client, link connection, std::shared_ptr<connection_scratch> state,
          std::uint64_t max_elements)
    : header(std::move(frame.header)), body(std::move(frame.body)), peer(std::move(client)),
      scratch(std::move(state)), link_(std::move(connection)), max_elements_(max_elements),
      counters_(counters_of(header.api_key)) {
    if (counters_ != nullptr) counters_->requests.add();
  }

  request(const request&) = delete;
  request& operator=(const request&) = delete;

  ~request() { close("request was not answered"); }

  const kafka::request_header header;
  const shared_bytes body;
  const std::string peer;
  const std::shared_ptr<connection_scratch> scratch;  // only inside the connection's thread

  /// As DescribeGroups shows it: "/" and the address.
  [[nodiscard]] std::string client_host() const { return "/" + peer.substr(0, peer.rfind(':')); }

  /// Decodes the body; a body that is not of this API and version closes the connection and yields nothing.
  template <class Message>
  std::optional<Message> decode() {
    auto message = kafka::decode<Message>(body, header.api_version, max_elements_);
    if (!message) {
      counted.malformed_bodies.add();
      close("malformed request, or more elements than limits.elements_per_request");
    }
    return message;
  }

  /// Sends the one answer. Thread: any; an answer that cannot be encoded closes the connection and is no concern of
  /// the actor that happens to answer.
  template <class Message>
  void answer(const Message& message) {
    try {
      auto parts = kafka::encode_response(header.api_key, header.api_version, header.correlation_id, message);
      if (counters_ != nullptr && !answered_)
        kafka::for_each_error(message, header.api_version, [this](error_code error) { counters_->errors.add(error); });
      answer_parts(std::move(parts));
    } catch (const std::exception& failure) {
      counted.unencodable_answers.add();
      close(std::string("the answer cannot be encoded: ") + failure.what());
    }
  }

  void answer_parts(std::vector<shared_bytes> parts) {
    if (answered_.exchange(true)) return;
    if (counters_ != nullptr) counters_->time.observe(age_ns());
    say(std::move(parts), false, {});
  }

  /// acks = 0: the client expects no answer.
  void answer_nothing() { answer_parts({}); }

  void close(std::string reason) {
    if (!answered_.exchange(true)) say({}, true, std::move(reason));
  }

  /// Runs `f` inside the connection's actor.
  void post(std::function<void()> f) const { link_.post(std::move(f)); }
  void post_later(std::chrono::milliseconds delay, std::function<void()> f) const {
    link_.post_later(delay, std::move(f));
  }

  /// Holds the connection's next request back until the returned token dies: a request that must look something up
  /// before it can be passed on is not overtaken by the next one. Thread: the connection's, inside the handler.
  [[nodiscard]] std::shared_ptr<void> hold() {
    ++holds_;
    return {static_cast<void*>(nullptr), [done = link_.stage_done](void*) { done(); }};
  }

  /// How many tokens were given out; each of them says `stage_done` once.
  [[nodiscard]] std::size_t holds() const { return holds_; }

 private:
  /// Once. What the request holds of its connection's credit goes with the answer.
  void say(std::vector<shared_bytes> parts, bool close, std::string reason) {
    const auto answer = std::exchange(link_.answer, nullptr);
    answer(std::move(parts), close, std::move(reason));
  }

  [[nodiscard]] std::uint64_t age_ns() const {
    const auto age = std::chrono::nanoseconds(std::chrono::steady_clock::now() - began_).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0));
  }

  link link_;
  const std::uint64_t max_elements_;
  api_counters* const counters_;  // null: an API that nobody knows
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<bool> answered_{false};
  std::size_t holds_ = 0;
};

using request_ptr = std::shared_ptr<request>;

}  // namespace tidegate::actors
