#pragma once

#include "actors/core/creations.hpp"
#include "actors/core/similar_names.hpp"
#include "actors/interfaces/topic_registry.hpp"
#include "actors/store/store_access.hpp"
#include "messages/common/live.hpp"
#include "smq/topics/catalog.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tidegate::actors {

struct topic_defaults {
  live<std::int32_t> partitions = 1;
  live<std::int64_t> most_partitions = 200'000;  // of all topics together
  double new_partitions_per_second = 1000;       // of one address
};

/// Makes every owner of the topic's partitions let go, then calls `done`. Thread: any.
using topic_forgotten = std::function<void(const topic_ptr& topic, std::function<void()> done)>;

/// Tells the owners of the topic's partitions what it has become. Thread: any.
using topic_told = std::function<void(const topic_ptr& topic)>;

/// What a new topic holds until it is in the snapshot, or not made. Without partitions: nothing.
struct topic_creation {
  std::string name{};           // nobody else may have one like it
  std::int64_t partitions = 0;  // counted with those that are there
};

class topic_registry_state {
 public:
  static inline const char* name = "topic-registry";

  topic_registry_state(topic_registry_actor::pointer self, std::shared_ptr<const store_access> store,
                       topic_defaults defaults, topic_forgotten forget, topic_told tell);

  topic_registry_actor::behavior_type make_behavior();

 private:
  void find(const msg::find_topic& m);
  void find_by_id(const msg::find_topic& m);
  void write_new(const msg::create_topic& m, const topic_creation& admitted);
  void after_lost_race(const msg::create_topic& m);
  void load_all(std::function<void(error_code)> done);
  void listed(const smq::topic_page& all);

  // topic_deletions.cpp
  void remove(const msg::delete_topic& m);
  void begin_remove(const msg::delete_topic& m, const smq::topic_info& topic);
  void release_owners(const topic_ptr& marked, std::chrono::milliseconds patience,
                      std::function<void(error_code)> done);
  error_code end_deletion(const smq::topic_info& topic, const smq::remove_answer& answer);
  static void add_deletion(topic_snapshot& to, const smq::topic_info& begun);
  void note_deletion(const smq::topic_info& begun);
  void finish_deletions();
  void finish_next_deletion();
  void lose(const std::string& topic, const uuid& topic_id);
  void unpublish(const topic_ptr& topic, bool is_deleting);

  // topic_admission.cpp
  struct admission {
    error_code error = error_code::none;
    std::chrono::milliseconds wait{0};
  };
  admission admit(const msg::partition_maker& who, std::int64_t count);
  void create(const msg::create_topic& m);
  void create_unknown(const msg::create_topic& m);
  [[nodiscard]] bool is_taken(const std::string& topic) const;
  void release(const topic_creation& ended);
  bool may_grow(const std::string& topic, std::int64_t more);
  void after(std::chrono::milliseconds wait, std::function<void()> then);

  // topic_changes.cpp
  struct queued_change : msg::change_topic {
    std::int64_t admitted = 0;  // new partitions that are counted in promised_
  };
  void change(const msg::change_topic& m);
  void next_change(const std::string& topic);
  void decide_change(const std::string& topic, const smq::topic_info& now);
  void write_change(const smq::topic_info& before, const smq::topic_info& after);
  void written_change(const smq::topic_info& after, const smq::update_answer& answer);
  void end_change(const std::string& topic, const msg::change_result& result);
  void settle(const std::string& topic);
  void publish_change(const topic_ptr& topic);
  void set_doubt(const std::string& topic, bool in_doubt);

  void publish_and_answer(const msg::topic_result& result, const reply<msg::topic_result>& answer,
                          const topic_creation& admitted = {});
  void publish(const std::vector<topic_ptr>& topics);
  [[nodiscard]] bool is_going(const uuid& topic_id) const;
  void report(const std::string& topic, const smq::topic_answer& answer);
  void report(const std::vector<std::string>& unreadable);
  [[nodiscard]] std::function<void(std::function<void()>)> poster() const;

  struct arrival {
    msg::topic_result result;
    reply<msg::topic_result> answer;
    topic_creation admitted;
  };

  topic_registry_actor::pointer self_;
  std::shared_ptr<const store_access> store_;
  smq::topic_catalog catalog_;
  topic_defaults defaults_;
  topic_forgotten forget_;
  topic_told tell_;
  std::vector<std::function<void(error_code)>> listing_;  // who waits for the list of all topics; empty: nobody reads it
  std::set<std::string> settling_;  // topics whose doubt is being looked into
  bool finishing_ = false;  // the next deletion in the background is scheduled or on its way
  uuid finished_;           // whose turn was the last one
  std::chrono::milliseconds finish_backoff_{1000};
  std::string why_unfinished_;  // the last reason that was logged
  core::creations creations_;
  std::int64_t promised_ = 0;  // partitions that are being made
  std::multiset<std::string> creating_;  // topics that are being made; a name may be asked for twice
  core::similar_names names_;            // all that is_taken(), and maybe more
  std::map<std::string, std::deque<queued_change>> changes_;  // one at a time per topic; the first one runs
  std::map<std::string, std::string> reported_;  // topics that could not be read, and why: said once
  std::vector<std::string> reported_paths_;      // of the last list of all topics
  std::vector<arrival> arrived_;         // not published and not answered yet; a message that does both is on its way
  std::multiset<uuid> removing_;  // topics, by their ids
  std::set<uuid> gone_;           // the newest ids that are not live any more: a slow reading may still bring them
  std::deque<uuid> gone_order_;   // the oldest one first
};

topic_registry_actor spawn_topic_registry(caf::actor_system& system, std::shared_ptr<const store_access> store,
                                          topic_defaults defaults, topic_forgotten forget, topic_told tell);

}  // namespace tidegate::actors
