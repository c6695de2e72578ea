#pragma once

#include "actors/connection/request_order.hpp"
#include "actors/handlers/request.hpp"
#include "actors/interfaces/connection_messages.hpp"
#include "actors/metrics/counters.hpp"
#include "messages/actor/resume.hpp"
#include "net/session.hpp"

#include <caf/typed_actor.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::actors {

/// CONNECTION: one per client. Decodes requests, hands them to their handlers one after the other (request_order.hpp), and
/// sends the answers in the order of the requests. Owns the response queue, the fetch session and the read credit.
using connection_actor = caf::typed_actor<caf::reacts_to<msg::frames>, caf::reacts_to<msg::response>,
                                          caf::reacts_to<msg::stage_done>, caf::reacts_to<msg::resume>,
                                          caf::reacts_to<msg::peer_gone>>;

class connection_state {
 public:
  static inline const char* name = "connection";

  connection_state(connection_actor::pointer self, std::shared_ptr<const services> node,
                   std::shared_ptr<net::session> socket);
  connection_state(const connection_state&) = delete;
  connection_state& operator=(const connection_state&) = delete;
  ~connection_state();

  connection_actor::behavior_type make_behavior();

 private:
  void start_waiting();
  [[nodiscard]] bool may_start(const msg::frame& next);
  void start(const msg::frame& frame);
  void accept(msg::response answer);
  void flush();
  void fail(const std::string& reason);

  connection_actor::pointer self_;
  gauge_share alive_{counters_of(actor_kind::connection).alive};
  std::shared_ptr<const services> node_;
  std::shared_ptr<net::session> socket_;
  std::shared_ptr<connection_scratch> scratch_;
  std::deque<msg::frame> waiting_;  // frames whose turn has not come
  std::size_t holds_ = 0;             // of a request that is still being passed on; the next one must not overtake it
  std::uint64_t first_sequence_ = 0;  // of answers_.front()
  struct turn {
    request_kind kind = request_kind::other;
    std::optional<msg::response> answer;
  };
  std::deque<turn> answers_;
  request_order order_;
  std::size_t held_bytes_ = 0;  // in answers_: behind one that is not there yet
  std::optional<std::uint64_t> long_answer_;  // sequence of a request whose answer may be far larger than itself
  bool ending_ = false;  // some request closes the connection when its turn comes
  bool closed_ = false;
};

/// Starts the actor of a new client; the returned handler brings it the socket's events.
std::shared_ptr<net::frame_handler> make_connection(caf::actor_system& system, std::shared_ptr<const services> node,
                                                    std::shared_ptr<net::session> socket);

}  // namespace tidegate::actors
