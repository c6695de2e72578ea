#pragma once

#include "actors/metrics/counters.hpp"
#include "actors/partition/append_checks.hpp"
#include "actors/partition/clean_end.hpp"
#include "actors/partition/doubtful_uploads.hpp"
#include "actors/partition/fetch_waits.hpp"
#include "actors/partition/mapping_reports.hpp"
#include "actors/partition/offset_search.hpp"
#include "actors/partition/older_files.hpp"
#include "actors/partition/parked_requests.hpp"
#include "actors/partition/partition_appends.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/partition_merges.hpp"
#include "actors/partition/partition_reads.hpp"
#include "actors/partition/partition_retirement.hpp"
#include "actors/partition/partition_trims.hpp"
#include "actors/partition/parts_owner.hpp"
#include "actors/partition/repeated_reads.hpp"
#include "messages/kafka/record_batch.hpp"
#include "smq/segments/read_log.hpp"

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::actors {

/// OFFSET ACTOR's state. Loads the log through a session of its own, then serves. `decide → persist → apply`: only a
/// stored append changes what anybody sees.
class partition_state final : private parts_owner {
 public:
  static inline const char* name = "offset-actor";

  partition_state(partition_actor::pointer self, std::shared_ptr<const store_access> store, topic_ptr topic,
                  std::int32_t partition, partition_settings settings, partition_registry_actor registry);
  partition_state(const partition_state&) = delete;
  partition_state& operator=(const partition_state&) = delete;
  ~partition_state();

  partition_actor::behavior_type make_behavior();

 private:
  /// The stored snapshot and what the batches behind it say about producers, as far as they are read.
  struct recovery {
    core::producer_state producers;
    std::int64_t next_offset = 0;  // the first that is not read
    // Its own: a load must not push the points of consumers out of the node's.
    std::shared_ptr<smq::index_cache> index =
      std::make_shared<smq::index_cache>(4 * smq::index_cache::point_bytes);
  };

  // partition_load.cpp
  void load();
  void loaded(smq::log_state log);
  void read_producers(std::int32_t epoch);
  void note_producers(const std::vector<shared_bytes>& batches, const std::vector<std::int64_t>& stored_ms);
  void declare_rewind(const smq::offset_gap& gap, std::int32_t epoch);
  void serve(std::int32_t epoch);
  void load_failed(const smq::outcome& why);
  void log_failed_load(const smq::outcome& why);
  void reload(const std::string& reason) override;

  // partition_close.cpp
  void older_files_listed(bool is_ok) override;
  void records_stored(bool rolled) override;
  void merge_ended() override;
  void log_start_decided() override;
  void trim_ended() override;
  [[nodiscard]] bool is_appending() const;
  [[nodiscard]] bool is_quiet() override;
  void close(const msg::close_cleanly& m);
  void close_when_decided() override;
  void forget(const msg::forget_topic& m);
  void end(std::shared_ptr<void> held) override;

  /// Runs `f` now, or when the log is loaded; beyond the limit it is dropped and its reply answers by itself.
  template <class Message, class Part>
  void when_serving(const Message& m, Part& part, void (Part::*f)(const Message&));

  gauge_share alive_{counters_of(actor_kind::offset_actor).alive};
  partition_log log_;

  doubtful_uploads doubts_{log_};

  // partition_load.cpp
  std::optional<recovery> recovery_;  // outlives a load that fails: the next one goes on where that one stopped
  core::producer_state producers_before_;  // a reload
  parked_requests parked_{log_.settings.max_parked};
  std::uint64_t failed_loads_ = 0;  // in a row
  std::string why_not_loaded_;      // the last reason that was logged
  older_files older_{log_, *this};

  partition_appends appends_{log_, doubts_, trims_, *this};
  append_checks checks_{log_, appends_, *this};
  partition_merges merges_{log_, doubts_, older_, trims_, retirement_, *this};

  partition_trims trims_{log_, older_, merges_, mappings_, retirement_, *this};

  repeated_reads repeated_{log_, merges_, trims_, parked_};
  partition_reads reads_{log_, older_, repeated_};
  offset_search search_{log_, older_, repeated_};
  fetch_waits waits_{log_};

  // partition_close.cpp
  mapping_reports mappings_{log_};
  clean_end clean_end_{log_, mappings_, *this};
  partition_retirement retirement_;
};

}  // namespace tidegate::actors
