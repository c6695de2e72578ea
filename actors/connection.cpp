#include "actors/connection.hpp"

#include "actors/handlers/table.hpp"
#include "actors/message_types.hpp"
#include "actors/services.hpp"
#include "actors/spawn.hpp"

namespace tidegate::actors {

namespace {

/// Stands between a socket (io thread) and its actor; holds the only strong handle that the socket has.
class socket_events : public net::frame_handler {
 public:
  explicit socket_events(connection_actor connection) : connection_(std::move(connection)) {}

  void on_frames(std::vector<shared_bytes> frames) override {
    caf::anon_send(connection_, msg::frames{std::move(frames)});
  }

  void on_closed() override { caf::anon_send(connection_, msg::peer_gone{}); }

 private:
  connection_actor connection_;
};

request::link make_link(const connection_actor& connection, std::uint64_t sequence) {
  return {
    [connection, sequence](std::vector<shared_bytes> parts, bool close, std::string reason) {
      caf::anon_send(connection, msg::response{sequence, std::move(parts), close, std::move(reason)});
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
      waiting_.insert(waiting_.end(), m.bodies.begin(), m.bodies.end());
      start_waiting();
    },
    [this](const msg::response& m) { accept(m); },
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

void connection_state::start_waiting() {
  while (holds_ == 0 && !closed_ && !ending_ && !waiting_.empty()) {
    auto frame = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(frame));
  }
}

void connection_state::start(shared_bytes frame) {
  const auto sequence = first_sequence_ + answers_.size();
  answers_.push_back({frame.size(), std::nullopt});
  auto parsed = kafka::decode_request_header(frame);
  if (!parsed) {
    counted.malformed_headers.add();
    return accept({sequence, {}, true, "malformed request header"});
  }
  auto r = std::make_shared<request>(std::move(*parsed), socket_->peer(),
                                     make_link(connection_actor{self_}, sequence), scratch_,
                                     node_->settings.max_elements);
  handlers::dispatch(*node_, r);
  holds_ = r->holds();
}

void connection_state::accept(msg::response answer) {
  if (closed_ || answer.sequence < first_sequence_) return;
  // The connection ends in its turn: what was asked before is answered, what comes behind is not begun.
  ending_ = ending_ || answer.close;
  answers_[answer.sequence - first_sequence_].answer = std::move(answer);
  flush();
}

void connection_state::flush() {
  while (!answers_.empty() && answers_.front().answer) {
    auto& head = answers_.front();
    if (head.answer->close) return fail(head.answer->reason);
    if (!head.answer->parts.empty()) socket_->send(std::move(head.answer->parts));
    socket_->release(head.frame_bytes, 1);
    answers_.pop_front();
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
  return std::make_shared<socket_events>(
    spawn<connection_actor, connection_state>(system, std::move(node), std::move(socket)));
}

}  // namespace tidegate::actors
