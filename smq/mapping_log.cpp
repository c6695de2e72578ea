#include "smq/mapping_log.hpp"

#include "smq/names.hpp"

#include <algorithm>
#include <memory>

namespace tidegate::smq {

namespace {

constexpr std::int32_t span_seconds = 3600;  // few records: longer files than of Kafka topics

std::string topic_path() { return topic_entry_path(mappings_topic, mappings_namespace); }

void load_partitions(engine ports, const std::shared_ptr<mapping_log>& log, std::int32_t partition,
                     time_point deadline, completion<result<mapping_log>> done) {
  if (partition == mappings_partitions) return done({{}, std::move(*log)});
  load_log(ports, mapping_place(log->topic, partition), load_extent::all, deadline,
           [ports, log, partition, deadline, done = std::move(done)](result<log_state> loaded) {
             if (!loaded.is_ok()) return done({std::move(loaded.what), {}});
             auto& into = log->partitions[static_cast<std::size_t>(partition)];
             into = std::move(loaded.value);
             drop_closed_chunks(into);
             load_partitions(ports, log, partition + 1, deadline, done);
           });
}

}  // namespace

void load_mapping_log(engine ports, std::int64_t now_second, const uuid& fresh_id, time_point deadline,
                      completion<result<mapping_log>> done) {
  auto log = std::make_shared<mapping_log>();
  log->topic = {.name = std::string(mappings_topic), .id = fresh_id, .partitions = mappings_partitions,
                .configs = {}, .creation_second = now_second, .span_seconds = span_seconds};
  ports.entries.get(topic_path(), deadline,
                    [ports, log, deadline, done = std::move(done)](const result<entry>& found) {
                      // A directory without topic entry has no segments: those are written behind it.
                      if (found.what.code == status::absent) return done({{}, std::move(*log)});
                      if (!found.is_ok()) return done({found.what, {}});
                      auto topic = decode_topic_entry(found.value.content);
                      if (!topic || topic->partitions != mappings_partitions)
                        return done({unreadable(found.value.path, found.value.content, topic_entry_version), {}});
                      log->topic = std::move(*topic);
                      log->is_stored = true;
                      load_partitions(ports, log, 0, deadline, done);
                    });
}

std::vector<mutation> create_mapping_topic(const topic_info& topic) {
  // Both are small and have no configs: they always encode. The topic entry last: a load that finds it takes the other
  // as written, and one that does not writes both again.
  return {{mutation::kind::put, {topic_conf_path(mappings_topic, mappings_namespace), make_topic_conf(topic), {}, {}}},
          {mutation::kind::put, {topic_path(), encode_topic_entry(topic).value(), {}, {}}}};
}

partition_place mapping_place(const topic_info& topic, std::int32_t partition) {
  return {topic.name, topic.id, partition,
          partition_directory(topic.name, topic.creation_second, partition, mappings_namespace), topic.span_seconds};
}

append_plan plan_mappings(const mapping_log& log, std::int32_t partition, const std::vector<mapping_record>& records,
                          std::int64_t now_ns, std::int32_t leader_epoch, bool new_leader, const append_options& options) {
  const auto& at = log.partitions[static_cast<std::size_t>(partition)];
  auto ts_ns = at.last_ts_ns;
  auto number = at.next_message_number;
  std::vector<plain_message> messages;
  for (const auto& r : records) {
    ts_ns = std::max(ts_ns + 2, now_ns);  // + 2: SMQ readers resume at ts_ns + 1
    messages.push_back({mapping_key(r.topic_id, r.partition), encode_mapping(r), ts_ns, number++});
  }
  return plan_messages(tail_of(at, new_leader), mapping_place(log.topic, partition), messages, leader_epoch, options);
}

std::int64_t mappings_start_after(const log_state& log, std::int64_t before_ns, std::size_t most_files) {
  auto start = log.log_start;
  const auto files = log.segments.size();
  for (std::size_t i = 0; i + 1 < files && (log.segments[i].last_ts_ns < before_ns || files - i > most_files); ++i)
    start = log.segments[i].next_offset;
  return start;
}

void drop_closed_chunks(log_state& log) {
  for (std::size_t i = 0; i + 1 < log.segments.size(); ++i) std::vector<chunk_ref>{}.swap(log.segments[i].chunks);
}

}  // namespace tidegate::smq
