#pragma once

#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"
#include "tests/actors/group/groups_fixture.hpp"

namespace tidegate::test {

/// Requests as they come from a connection, without one: bytes in, bytes out.
struct handler_fixture : groups_fixture {
  void restart() {
    services_.reset();
    groups_fixture::restart();
  }

  template <class Response, class Request>
  Response ask(const Request& asked, std::int16_t version) {
    serve();
    auto promise = std::make_shared<std::promise<byte_buffer>>();
    auto answered = promise->get_future();
    actors::request::link link;
    link.answer = [promise](std::vector<shared_bytes> parts, bool, const std::string&) {
      promise->set_value(kafka::join(parts));
    };
    link.post = [](const std::function<void()>& f) { f(); };
    link.post_later = [](std::chrono::milliseconds, const std::function<void()>&) {};
    link.stage_done = [] {};
    kafka::request_frame frame{{Request::api, version, 7, "test"},
                               shared_bytes(kafka::join(kafka::encode(asked, version)))};
    actors::handlers::dispatch(*services_, std::make_shared<actors::request>(std::move(frame), "127.0.0.1:1", link,
                                                                             nullptr, 1'000'000));
    const shared_bytes whole(value_of(std::move(answered)));
    const std::size_t head = kafka::is_flexible(Request::api, version) ? 9 : 8;  // length, correlation id, tagged fields
    CAF_REQUIRE(whole.size() >= head);  // else the connection was closed
    auto response = kafka::decode<Response>(whole.slice(head, whole.size() - head), version);
    CAF_REQUIRE(response.has_value());
    return std::move(*response);
  }

  /// What the handlers apply from now until a restart.
  actors::handler_settings& settings() {
    serve();
    return services_->settings;
  }

  /// What whoever asks for a producer id is told, until a restart.
  void next_producer_id(const smq::result<std::int64_t>& answer) {
    serve();
    services_->next_producer_id = [answer](const smq::completion<smq::result<std::int64_t>>& done) { done(answer); };
  }

  /// Replaces what an entry holds; returns what it held.
  std::string exchange(const std::string& path, const std::string& content) {
    auto found = std::make_shared<std::promise<smq::result<smq::entry>>>();
    auto& entries = node.engine->ports().entries;
    entries.get(path, smq::testing::soon(), [found](auto e) { found->set_value(std::move(e)); });
    const auto before = value_of(found->get_future());
    CAF_REQUIRE(before.is_ok());
    smq::mutation put;
    put.target = before.value;
    put.target.content = content;
    auto done = std::make_shared<std::promise<smq::outcome>>();
    entries.transact({path, before.value.content}, {put}, smq::testing::soon(),
                     [done](const smq::outcome& what) { done->set_value(what); });
    CAF_REQUIRE(value_of(done->get_future()).is_ok());
    return before.value.content;
  }

 private:
  void serve() {
    if (services_) return;
    services_ = std::make_unique<actors::services>();
    services_->store = node.store;
    services_->host = "localhost";
    services_->topics.publish(node.topics);
    services_->partitions.publish(node.partitions);
    services_->groups.publish(registry);
  }

  std::unique_ptr<actors::services> services_;
};

}  // namespace tidegate::test
