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
#include "actors/partition/partition_loading.hpp"
#include "actors/partition/partition_log.hpp"
#include "actors/partition/partition_merges.hpp"
#include "actors/partition/partition_reads.hpp"
#include "actors/partition/partition_retirement.hpp"
#include "actors/partition/partition_trims.hpp"
#include "actors/partition/parts_owner.hpp"
#include "actors/partition/repeated_reads.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace tidegate::actors {

/// OFFSET ACTOR's state. Loads the log through a session of its own, then serves. `decide → persist → apply`: only a
/// stored append changes what anybody sees. Its work is done by the parts; here they meet.
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
  void log_loaded() override;
  void log_served() override;
  void reload(const std::string& reason) override;
  void records_stored(bool rolled) override;
  void older_files_listed(bool is_ok) override;
  void merge_ended() override;
  void log_start_decided() override;
  void trim_ended() override;
  void close_when_decided() override;
  [[nodiscard]] bool is_quiet() override;
  void end(std::shared_ptr<void> held) override;

  void close(const msg::close_cleanly& m);
  void forget(const msg::forget_topic& m);
  [[nodiscard]] bool is_appending() const;

  /// Runs `f` now, or when the log is loaded; beyond the limit it is dropped and its reply answers by itself.
  template <class Message, class Part>
  void when_serving(const Message& m, Part& part, void (Part::*f)(const Message&));

  gauge_share alive_{counters_of(actor_kind::offset_actor).alive};
  partition_log log_;
  parked_requests parked_{log_.settings.max_parked};  // until the log is loaded
  doubtful_uploads doubts_{log_};
  older_files older_{log_, *this};
  partition_loading loading_{log_, parked_, older_, doubts_, *this};
  partition_appends appends_{log_, doubts_, trims_, *this};
  append_checks checks_{log_, appends_, *this};
  partition_merges merges_{log_, doubts_, older_, trims_, retirement_, *this};
  partition_trims trims_{log_, older_, merges_, mappings_, retirement_, *this};
  repeated_reads repeated_{log_, merges_, trims_, parked_};
  partition_reads reads_{log_, older_, repeated_};
  offset_search search_{log_, older_, repeated_};
  fetch_waits waits_{log_};
  mapping_reports mappings_{log_};
  clean_end clean_end_{log_, mappings_, *this};
  partition_retirement retirement_;
};

}  // namespace tidegate::actors
