#pragma once

#include "smq/ports.hpp"
#include "smq/topics/topic_info.hpp"

#include <string>
#include <vector>

/// Creating, finding, listing and deleting topics over the entry port (design §6.2). It remembers nothing.
namespace tidegate::smq {

struct topic_spec {
  std::string name;
  std::int32_t partitions = 1;
  std::map<std::string, std::string> configs;
  std::int32_t span_seconds = default_span_seconds;
};

enum class create_result : std::uint8_t {
  created,
  already_exists,  // also while the old one is being deleted, as in Kafka
  invalid,         // asking again does not help; `reason` says why
  refused,         // by the store: nothing is written; `reason` says why
  unknown,         // may exist now or later; creating it again or reading it decides
};

struct create_answer {
  create_result code = create_result::unknown;
  std::string reason;
  topic_info topic;  // created only
};

enum class lookup_result : std::uint8_t {
  found,
  absent,  // proven: there is no live topic of that name
  error,   // could not be read, or is damaged; never "absent"
};

struct topic_answer {
  lookup_result code = lookup_result::error;
  std::string reason;
  topic_info topic;  // found; or absent and of the state `deleting`, as far as its name tells: name, id, second
  bool is_damaged = false;  // error: asking again does not help
};

enum class remove_result : std::uint8_t { done, absent, refused, unknown };

struct remove_answer {
  remove_result code = remove_result::unknown;
  std::string reason;
  uuid topic_id;                     // done only
  std::int64_t creation_second = 0;  // done only
};

enum class update_result : std::uint8_t {
  done,
  changed,  // the topic is not as `before` says any more: read it and decide again
  absent,   // no live topic of that name and id
  refused,
  unknown,
};

struct update_answer {
  update_result code = update_result::unknown;
  std::string reason;
};

struct topic_page {
  std::vector<topic_info> topics;       // live ones, in byte order of their escaped names
  std::vector<std::string> unreadable;  // names whose entries are damaged: these topics are neither live nor absent
  std::vector<topic_info> deleting;     // their removal began: name, id, second
  std::string next;                     // pass as `after`
  bool more = false;
};

class topic_catalog {
 public:
  /// The port must outlive every call that it has not answered; the catalog need not.
  explicit topic_catalog(entry_port& entries) : entries_(&entries) {}

  /// `now_second`: UTC; a re-created topic starts at least one second after the last one of that name.
  /// `topic_id`, `transaction_id`: random, never used before.
  /// Invalid: illegal name, partitions not in 1..10000, a config over 65535 bytes. Thread: any.
  void create(const topic_spec& spec, std::int64_t now_second, const uuid& topic_id, const uuid& transaction_id,
              time_point deadline, completion<create_answer> done) const;

  /// Names of topics that are being deleted or gone are absent. Thread: any.
  void get(const std::string& name, time_point deadline, completion<topic_answer> done) const;

  /// Marks the topic as being deleted; done also when it was already marked. From then on `get` answers absent and no
  /// write may begin; the caller waits until owners have confirmed and calls `finish_remove`. Absent: no such topic, or
  /// the name belongs to another one than `only_id` (zero: any) by now. Thread: any.
  void begin_remove(const std::string& name, const uuid& only_id, const uuid& transaction_id, time_point deadline,
                    completion<remove_answer> done) const;

  /// Removes the version directory and the topic's entries and marks the name gone. Repeating it for a gone topic
  /// sweeps its directory again. Refused: the topic is live. Absent: the name belongs to another topic id by now.
  /// Thread: any.
  void finish_remove(const std::string& name, const uuid& topic_id, const uuid& transaction_id, time_point deadline,
                     completion<remove_answer> done) const;

  /// Replaces configs, span and number of partitions of a live topic, if it still is as `before` says.
  /// Refused: fewer partitions or a shorter span than before, another name or id, a config over 65535 bytes.
  /// Thread: any.
  void update(const topic_info& before, const topic_info& after, const uuid& transaction_id, time_point deadline,
              completion<update_answer> done) const;

  /// At most `limit` names behind `after` ("" = from the start); a page may have fewer topics than that.
  /// An outcome other than ok says nothing about any topic. Thread: any.
  void list(const std::string& after, std::size_t limit, time_point deadline,
            completion<result<topic_page>> done) const;

  /// All pages of `list` in one. Thread: any.
  void list_all(time_point deadline, completion<result<topic_page>> done) const;

 private:
  entry_port* entries_;
};

}  // namespace tidegate::smq
