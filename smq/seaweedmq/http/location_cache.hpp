#pragma once

#include "smq/seaweedmq/http/event_loop.hpp"
#include "smq/seaweedmq/http/volume_directory.hpp"

#include <chrono>
#include <map>
#include <memory>

namespace tidegate::smq::seaweedmq {

struct location_options {
  std::chrono::milliseconds lifetime{60'000};
  std::chrono::milliseconds lookup_timeout{5'000};
  std::chrono::milliseconds kept_in_doubt{5'000};  // what is remembered stays so long when nobody can say anything newer
  std::size_t max_volumes = 100'000;  // of which the servers are remembered
};

struct locations {
  std::vector<std::string> servers;  // empty: nobody knows any, see `reason`
  std::string reason;
};

/// The servers of each volume. Lookups of one volume that come together become one. Thread: the loop's.
class location_cache : public std::enable_shared_from_this<location_cache> {
 public:
  location_cache(event_loop& loop, volume_directory& directory, location_options options)
    : loop_(loop), directory_(directory), options_(options) {}

  /// Calls `done` exactly once, at the latest `lookup_timeout` (twice that behind another lookup) and a second from
  /// now, possibly before it returns. `fresh`: not from memory, and by a lookup that begins after this call. Others get
  /// what is remembered when that lookup fails: a filer that is away must not take the volume servers with it.
  void find(std::uint32_t volume, bool fresh, completion<locations> done);

  /// Answers everybody who waits.
  void close(const std::string& reason);

 private:
  struct waiter {
    bool fresh;
    completion<locations> done;
  };
  struct volume_state {
    std::vector<std::string> servers;
    time_point expires{};
    std::uint64_t lookup = 0;  // the one that runs; 0: none
    std::unique_ptr<loop_timer> alarm;
    std::vector<waiter> waiting;  // for the lookup that runs
    std::vector<waiter> later;    // for the next one
  };

  void look_up(std::uint32_t volume);
  void on_located(std::uint32_t volume, std::uint64_t lookup, const result<std::vector<std::string>>& answer);
  void make_room();

  event_loop& loop_;
  volume_directory& directory_;
  location_options options_;
  std::map<std::uint32_t, volume_state> volumes_;
  std::uint64_t lookups_ = 0;
  std::string closed_;
};

}  // namespace tidegate::smq::seaweedmq
