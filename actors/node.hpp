#pragma once

#include "actors/metrics/metric_page.hpp"
#include "actors/settings/options.hpp"
#include "net/admin_server.hpp"
#include "net/server.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace tidegate::actors {

struct status_facts;

/// Everything that runs in one gateway process, in the order in which it starts: engine, view and fences, sessions,
/// registries, the client port. stop() takes it down the other way.
class node {
 public:
  /// Reserves the client port. nullptr: `error` says why.
  static std::unique_ptr<net::server> bind(const options& settings, std::string& error);

  /// Blocks until clients are accepted on `port`, which is taken then. nullptr: `error` says why.
  static std::unique_ptr<node> start(const options& settings, std::unique_ptr<net::server>& port, std::string& error);

  /// What keeps this node from serving as it should; "": nothing. Thread: any.
  [[nodiscard]] std::string trouble() const;

  /// What only a running node knows: topics, lag, limits in use. Thread: any; waits for nothing.
  void add_metrics(metric_page& page) const;

  /// The same for the status page.
  void add_status(status_facts& facts) const;

  /// Takes over what may change while it runs (option_row::is_live). Thread: one at a time.
  void follow(const options& settings);

  /// An operator lets go what crashes again and again; see actors/runtime/release.hpp. Thread: any; waits up to 2 s.
  [[nodiscard]] net::http_answer release(std::string_view query) const;

  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Clients are cut off, actors end, what was sent to the store is decided. Within 10 s, or the process ends.
  /// Thread: that of start(), in which CAF keeps something that it waits for at the end.
  void stop();

 private:
  struct parts;
  explicit node(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

}  // namespace tidegate::actors
