#pragma once

#include "actors/options.hpp"

#include <memory>
#include <string>

namespace tidegate::actors {

/// Everything that runs in one gateway process, in the order in which it starts: engine, view and fences, sessions,
/// registries, the client port. stop() takes it down the other way.
class node {
 public:
  /// Blocks until clients are accepted. nullptr: `error` says why.
  static std::unique_ptr<node> start(const options& settings, std::string& error);

  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Clients are cut off, actors end, what is queued for the store is decided. Within 10 s, or the process ends.
  void stop();

 private:
  struct parts;
  explicit node(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

}  // namespace tidegate::actors
