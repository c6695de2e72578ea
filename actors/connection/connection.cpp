#include "actors/connection/connection.hpp"

#include "actors/handlers/services.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "actors/runtime/children.hpp"
#include "actors/runtime/spawn.hpp"
#include "messages/common/fault_point.hpp"
#include "messages/kafka/api_table.hpp"

namespace tidegate::actors {

namespace {

/// Stands between a socket (io thread) and its actor; holds the only strong handle that the socket has.
class socket_events : public net::frame_handler {
 public:
  socket_events(connection_actor connection, std::weak_ptr<net::session> socket)
    : connection_(std::move(connection)), socket_(std::move(socket)) {}

  void on_frames(std::vector<shared_bytes> frames) override {
    msg::frames m;
    m.all.reserve(frames.size());
    for (auto& one : frames) m.all.push_back({std::move(one), nullptr});
    if (auto socket = socket_.lock())
      for (auto& one : m.all) one.credit = credit_for(socket, one.body.size());
    caf::anon_send(connection_, std::move(m));
  }

  void on_room() override { caf::anon_send(connection_, msg::frames{}); }

  void on_closed() override { caf::anon_send(connection_, msg::peer_gone{}); }

 private:
  /// Requests outlive their connection: the node must not take what they hold for free.
  static msg::request_credit credit_for(std::shared_ptr<net::session> socket, std::size_t bytes) {
    return {nullptr, [socket = std::move(socket), bytes](void*) { socket->release(bytes, 1); }};
  }

  connection_actor connection_;
  std::weak_ptr<net::session> socket_;
};

constexpr std::size_t most_held_bytes = 65536;

/// Of a frame that may be no request: then of no API.
kafka::api_key api_of(byte_view frame) {
  if (frame.size() < 2) return kafka::api_key{-1};
  return kafka::api_key{
    static_cast<std::int16_t>(std::to_integer<int>(frame[0]) << 8 | std::to_integer<int>(frame[1]))};
}

/// Requests whose answer has no bound in their own size.
bool may_answer_at_length(kafka::api_key api) {
  switch (api) {
    case kafka::api_key::metadata:
    case kafka::api_key::offset_fetch:
    case kafka::api_key::describe_groups:
    case kafka::api_key::list_groups:
    case kafka::api_key::describe_configs:
    case kafka::api_key::describe_log_dirs:
    case kafka::api_key::list_config_resources: return true;
    default: return false;
  }
}

std::size_t size_of(const msg::response& answer) {
  std::size_t bytes = 0;
  for (const auto& part : answer.parts) bytes += part.size();
  return bytes;
}

request::link make_link(const connection_actor& connection, std::uint64_t sequence, msg::request_credit credit) {
  return {
    [connection, sequence, credit = std::move(credit)](std::vector<shared_bytes> parts, bool close,
                                                       std::string reason) mutable {
      caf::anon_send(connection,
                     msg::response{sequence, std::move(parts), close, std::move(reason), std::move(credit)});
    },
    [connection](std::function<void()> f) { caf::anon_send(connection, msg::make_resume(std::move(f))); },
    [connection](std::chrono::milliseconds delay, std::function<void()> f) {
      caf::delayed_anon_send(connection, delay, msg::make_resume(std::move(f)));
    },
    [connection] { caf::anon_send(connection, msg::stage_done{}); },
  };
}

}  // namespace

connection_state::connection_state(connection_actor::pointer self, std::shared_ptr<const services> node,
                                   std::shared_ptr<net::session> socket)
  : self_(self), node_(std::move(node)), socket_(std::move(socket)),
    scratch_(std::make_shared<connection_scratch>()) {
  counters_of(actor_kind::connection).starts.add();
}

connection_state::~connection_state() {
  scratch_->end();
  socket_->close("connection actor ended");
}

connection_actor::behavior_type connection_state::make_behavior() {
  return {
    [this](const msg::frames& m) {
      if (closed_) return;
      waiting_.insert(waiting_.end(), m.all.begin(), m.all.end());
      start_waiting();
    },
    [this](msg::response& m) { accept(std::move(m)); },  // with its credit, given back behind the answer
    [this](const msg::stage_done&) {
      --holds_;
      start_waiting();
    },
    [](const msg::resume& m) { (*m.run)(); },
    [this](const msg::peer_gone&) {
      closed_ = true;
      waiting_.clear();
      scratch_->end();
      self_->quit();
    },
  };
}

/// Of all that was read, only as much is begun as the client takes answers: some bytes of requests must not leave it the
/// node's memory. One request with a long answer is open at a time, for nobody knows its size before.
bool connection_state::may_start(const msg::frame& next) {
  if (holds_ > 0 || closed_ || ending_ || !socket_->takes_answers()) return false;
  const auto api = api_of(next.body.view());
  if (!order_.may_begin(kind_of(api))) return false;
  return !may_answer_at_length(api) || (!long_answer_ && held_bytes_ < most_held_bytes);
}

void connection_state::start_waiting() {
  while (!waiting_.empty() && may_start(waiting_.front())) {
    const auto frame = std::move(waiting_.front());
    waiting_.pop_front();
    start(frame);
  }
}

void connection_state::start(const msg::frame& frame) {
  const auto sequence = first_sequence_ + answers_.size();
  const auto api = api_of(frame.body.view());
  answers_.push_back({kind_of(api), {}});
  order_.begin(answers_.back().kind);
  if (may_answer_at_length(api)) long_answer_ = sequence;
  auto parsed = kafka::decode_request_header(frame.body);
  if (!parsed) {
    counted.malformed_headers.add();
    return accept({sequence, {}, true, "malformed request header"});
  }
  auto r = std::make_shared<request>(std::move(*parsed), socket_->peer(),
                                     make_link(connection_actor{self_}, sequence, frame.credit), scratch_,
                                     node_->settings.max_elements);
  TIDEGATE_FAULT_POINT("connection.request.before_dispatch");
  handlers::dispatch(*node_, r);
  holds_ = r->holds();
}

void connection_state::accept(msg::response answer) {
  if (closed_ || answer.sequence < first_sequence_) return;
  // The connection ends in its turn: what was asked before is answered, what comes behind is not begun.
  ending_ = ending_ || answer.close;
  if (long_answer_ == answer.sequence) long_answer_.reset();
  held_bytes_ += size_of(answer);
  auto& its = answers_[answer.sequence - first_sequence_];
  if (!its.answer) order_.end(its.kind);
  its.answer = std::move(answer);
  flush();
  start_waiting();
}

void connection_state::flush() {
  while (!answers_.empty() && answers_.front().answer) {
    auto& head = *answers_.front().answer;
    if (head.close) return fail(head.reason);
    held_bytes_ -= size_of(head);
    if (!head.parts.empty()) socket_->send(std::move(head.parts));
    answers_.pop_front();  // gives the credit back
    ++first_sequence_;
  }
}

void connection_state::fail(const std::string& reason) {
  if (closed_) return;
  closed_ = true;
  waiting_.clear();
  socket_->close(reason);
}

std::shared_ptr<net::frame_handler> make_connection(caf::actor_system& system, std::shared_ptr<const services> node,
                                                    std::shared_ptr<net::session> socket) {
  auto made = spawn<connection_actor, connection_state>(system, std::move(node), socket);
  // Nobody starts it again: its client connects anew.
  made->attach_functor([](const caf::error& reason) {
    if (!reason) return;
    count_crash(actor_kind::connection, reason, false);
    log_event(log_level::error, "connection actor crashed", {{"reason", std::to_string(reason.code())}});
  });
  return std::make_shared<socket_events>(std::move(made), socket);
}

}  // namespace tidegate::actors
