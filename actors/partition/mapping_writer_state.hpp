#pragma once

#include "actors/interfaces/mapping_writer.hpp"
#include "actors/store/store_access.hpp"
#include "smq/mapping_log.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tidegate::actors {

struct mapping_settings {
  std::chrono::milliseconds linger{10'000};          // from the first report to the write
  std::chrono::milliseconds retention{604'800'000};  // of whole segments
  /// Of each partition of the topic; the oldest go. Usually 168, one an hour; after a clock that was ahead, no file is old.
  std::size_t max_files = 1000;
  std::size_t max_waiting = 100'000;                 // partitions with a report that is not written; more are dropped
  smq::append_options segments;                      // the engine's
};

class mapping_writer_state {
 public:
  static inline const char* name = "mapping-writer";

  mapping_writer_state(mapping_writer_actor::pointer self, std::shared_ptr<const store_access> store,
                       mapping_settings settings);

  mapping_writer_actor::behavior_type make_behavior();

 private:
  struct planned {
    std::int32_t partition = 0;
    smq::uploaded_append append;
  };

  void report(const msg::mapping_report& m);
  void close(const msg::close_cleanly& m);
  void go_on();
  void open();
  void write_waiting();
  void chunk_put(std::size_t index, const smq::result<smq::chunk_id>& put);
  void write_entries();
  void written(const smq::write_answer& answer);
  void trim();
  void given_up(const std::string& reason);
  void failed(const std::string& reason);
  [[nodiscard]] std::function<void(std::function<void()>)> poster() const;

  mapping_writer_actor::pointer self_;
  std::shared_ptr<const store_access> store_;
  mapping_settings settings_;

  std::map<std::pair<uuid, std::int32_t>, smq::mapping_record> waiting_;  // the newest of each
  bool timer_runs_ = false;
  bool is_busy_ = false;  // from the timer to the last answer of the store
  std::shared_ptr<smq::session> session_;
  std::optional<smq::mapping_log> log_;  // nothing: not loaded
  std::vector<bool> has_written_;        // per partition of the topic, since it was loaded
  std::vector<planned> plans_;           // of the write on its way
  std::size_t chunks_left_ = 0;
  std::string chunk_problem_;
  std::optional<msg::close_cleanly> closing_;
};

mapping_writer_actor spawn_mapping_writer(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                          mapping_settings settings = {});

}  // namespace tidegate::actors
