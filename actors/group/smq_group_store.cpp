#include "actors/group/smq_group_store.hpp"

#include "actors/log.hpp"
#include "actors/metrics/counters.hpp"
#include "messages/actor/fan_in.hpp"
#include "messages/kafka/wire.hpp"
#include "smq/names.hpp"
#include "smq/positions/group_entry.hpp"

#include <algorithm>
#include <iterator>

namespace tidegate::actors {

namespace {

/// The paths of one group's positions, which mostly are of one topic.
class path_finder {
 public:
  path_finder(topic_snapshot_ptr topics, std::string_view group_id)
    : topics_(std::move(topics)), end_(smq::position_path_end(group_id)) {}

  /// Nothing: the topic is not live any more.
  std::optional<std::string> find(const msg::group_partition& where) {
    if (!topic_ || topic_->id != where.topic_id) {
      topic_ = topics_->find(where.topic_id);
      if (topic_) version_directory_ = smq::version_directory(topic_->name, topic_->creation_second) + "/";
    }
    if (!topic_ || where.partition < 0 || where.partition >= topic_->partitions) return std::nullopt;
    const auto start = where.partition * smq::slots_per_partition;
    const auto range = smq::range_name(start, start + smq::slots_per_partition - 1);
    std::string path;
    path.reserve(version_directory_.size() + range.size() + end_.size());
    return path.append(version_directory_).append(range).append(end_);
  }

 private:
  topic_snapshot_ptr topics_;
  std::string end_;
  topic_ptr topic_;
  std::string version_directory_;
};

group_write_answer to_answer(const smq::write_answer& answer) {
  switch (answer.code) {
    case smq::write_result::stored: return {group_write_answer::status::stored, error_code::none};
    case smq::write_result::refused:
      return {group_write_answer::status::refused, error_code::coordinator_not_available};
    case smq::write_result::not_written:
    case smq::write_result::reload: return {group_write_answer::status::reload, error_code::coordinator_not_available};
    case smq::write_result::fenced: return {group_write_answer::status::fenced, error_code::not_coordinator};
  }
  return {group_write_answer::status::reload, error_code::coordinator_not_available};
}

}  // namespace

std::uint64_t smq_group_store::open(const std::string& group_id, std::function<void(loaded_group)> done) {
  std::uint64_t lease = 0;
  std::shared_ptr<smq::session> earlier;  // dies without the mutex
  {
    std::lock_guard lock(mutex_);
    lease = ++last_lease_;
    auto& current = openings_[group_id];
    current.lease = lease;
    current.session.swap(earlier);
  }
  store_->sessions.open("g/" + group_id, [self = shared_from_this(), group_id, lease,
                                          done = std::move(done)](std::shared_ptr<smq::session> session) {
    self->opened(group_id, lease, std::move(session));
    smq::read_group(self->store_->engine.entries, group_id, self->store_->deadline(),
                    [done, group_id](const smq::group_answer& found) {
                      switch (found.code) {
                        case smq::group_result::found: return done({loaded_group::status::found, found.group});
                        case smq::group_result::absent: return done({loaded_group::status::absent, {}});
                        case smq::group_result::error: break;
                      }
                      counted.failed_group_loads.add();
                      if (found.is_damaged) counted.damaged_groups.add();
                      log_event(log_level::error, "group cannot be loaded",
                                {{"group", group_id}, {"reason", found.reason}});
                      done({loaded_group::status::failed, {}});
                    });
  });
  return lease;
}

/// The session of an opening that was closed meanwhile, or that another one followed, is let go.
void smq_group_store::opened(const std::string& group_id, std::uint64_t lease, std::shared_ptr<smq::session> session) {
  std::lock_guard lock(mutex_);
  auto found = openings_.find(group_id);
  if (found != openings_.end() && found->second.lease == lease) found->second.session = session;
}

void smq_group_store::close(const std::string& group_id, std::uint64_t lease) {
  std::shared_ptr<smq::session> session;
  {
    std::lock_guard lock(mutex_);
    auto found = openings_.find(group_id);
    if (found == openings_.end() || found->second.lease != lease) return;
    session = std::move(found->second.session);
    openings_.erase(found);
  }
  if (session) session->close([] {});
}

topic_liveness smq_group_store::liveness_of(const uuid& topic_id, const std::string& topic) const {
  const auto known = store_->topics.current();
  if (known->find(topic_id)) return topic_liveness::live;
  return known->proves_absent(topic) ? topic_liveness::gone : topic_liveness::unknown;
}

void smq_group_store::hold_until_decided(std::shared_ptr<void> held) {
  auto next = std::make_shared<write_generation>();
  std::lock_guard lock(mutex_);
  writes_->held.push_back(std::move(held));
  writes_->held.push_back(next);  // what is put into the next one waits for these writes, too
  writes_.swap(next);  // the old one dies after the mutex is free
}

std::optional<smq::position_place> smq_group_store::place_of(const msg::group_partition& where) const {
  auto topic = store_->topics.current()->find(where.topic_id);
  if (!topic || where.partition < 0 || where.partition >= topic->partitions) return std::nullopt;
  return smq::position_place{topic->id, topic->directory_of(where.partition)};
}

/// False: a topic may be live, and then its positions would be left.
bool smq_group_store::plan_erasures(const std::string& group_id, const group_write& what,
                                    std::vector<smq::mutation>& erasures) const {
  for (const auto& where : what.erases) {
    if (auto place = place_of(where))
      erasures.push_back(smq::make_position_erasure(*place, group_id));
    else if (liveness_of(where.topic_id, where.topic) == topic_liveness::unknown)
      return false;
  }
  return true;
}

/// The puts of live topics; the entry stops listing the topics of the others. False: one cannot be encoded.
bool smq_group_store::plan_puts(const std::string& group_id, group_write& what, std::vector<smq::mutation>& puts,
                                std::vector<left_out_put>& left_out) {
  const smq::position_writer writer{store_->incarnation, seq_.fetch_add(1) + 1};
  path_finder paths{store_->topics.current(), group_id};
  puts.reserve(what.puts.size());
  for (std::size_t i = 0; i < what.puts.size(); ++i) {
    const auto& [where, position] = what.puts[i];
    auto path = paths.find(where);
    if (!path) {  // deleted since the handler looked: never "stored" for what is not written
      left_out.push_back({i, where.topic_id});
      continue;
    }
    const auto value = store_->hints.value_of(where.topic_id, where.partition, position.offset);
    auto put = smq::make_position_mutation(std::move(*path), where.topic_id, position, value, writer);
    if (!put) return false;
    puts.push_back(std::move(*put));
  }
  if (!what.entry) return true;
  for (const auto& gone : left_out)
    std::erase_if(what.entry->topics, [&](const group_topic& listed) { return listed.topic_id == gone.topic_id; });
  return true;
}

smq_group_store::write_plan smq_group_store::plan_write(const std::string& group_id, group_write what) {
  write_plan plan;
  std::vector<smq::mutation> puts;
  if (!plan_puts(group_id, what, puts, plan.left_out)) return {error_code::unknown_server_error, {}, {}};
  if (puts.empty() && !what.puts.empty()) {
    plan.error = error_code::unknown_topic_or_partition;
    return plan;
  }
  if (!plan_erasures(group_id, what, plan.mutations)) return {error_code::coordinator_not_available, {}, {}};
  if (what.entry) {
    auto entry = smq::make_group_mutation(*what.entry);
    if (!entry) return {error_code::unknown_server_error, {}, {}};
    plan.mutations.push_back(std::move(*entry));
  }
  std::move(puts.begin(), puts.end(), std::back_inserter(plan.mutations));
  return plan;
}

void smq_group_store::write(const std::string& group_id, group_write what,
                            std::function<void(group_write_answer)> done) {
  std::shared_ptr<smq::session> session;
  std::shared_ptr<write_generation> generation;  // taken before topics are looked up: see hold_until_decided()
  {
    std::lock_guard lock(mutex_);
    generation = writes_;
    auto found = openings_.find(group_id);
    if (found != openings_.end() && found->second.lease == what.lease) session = found->second.session;
  }
  if (!session) return done({group_write_answer::status::reload, error_code::coordinator_not_available});
  auto plan = plan_write(group_id, std::move(what));
  if (plan.error != error_code::none)
    return done({group_write_answer::status::refused, plan.error, std::move(plan.left_out)});
  if (plan.mutations.empty()) return done({});
  session->write(std::move(plan.mutations), smq::write_class::commit,
                 [done = std::move(done), generation, group_id, left_out = std::move(plan.left_out)](
                   const smq::write_answer& written) {
                   if (written.code == smq::write_result::refused)
                     log_event(log_level::warn, "group write refused",
                               {{"group", group_id}, {"reason", written.reason}});
                   auto answer = to_answer(written);
                   answer.left_out = left_out;
                   done(std::move(answer));
                 });
}

msg::offset_fetch_item smq_group_store::item_of(const msg::group_partition& where, const smq::position_answer& found) {
  switch (found.code) {
    case smq::position_result::found: return {where, error_code::none, found.committed};
    case smq::position_result::absent: return {where, error_code::none, {}};
    case smq::position_result::native:
    case smq::position_result::damaged:
    case smq::position_result::unknown: break;
  }
  const bool is_damaged = found.code == smq::position_result::damaged;
  if (is_damaged) counted.damaged_positions.add();
  log_event(is_damaged ? log_level::error : log_level::warn,
            is_damaged ? "position is damaged" : "position cannot be read now",
            {{"topic", where.topic}, {"partition", where.partition}, {"reason", found.reason}});
  return {where, is_damaged ? error_code::kafka_storage_error : error_code::coordinator_load_in_progress, {}};
}

/// The offset comes from the log, metadata and time from the native file. No leader epoch: the subscriber knew none.
void smq_group_store::translate_native(const msg::group_partition& where, const smq::position_answer& found,
                                       const reply<msg::offset_fetch_item>& answer) const {
  auto done = [where, position = found.committed, answer](const msg::find_by_ts_result& at) mutable {
    if (at.error == error_code::kafka_storage_error) return answer({where, at.error, {}});
    if (at.error != error_code::none) return answer({where, error_code::coordinator_load_in_progress, {}});
    position.offset = at.offset;
    // The one thing that a Kafka response cannot carry, and nothing depends on it.
    if (position.metadata.size() > kafka::longest_string) position.metadata.clear();
    answer({where, error_code::none, position});
  };
  translate_({where.topic, where.topic_id, where.partition, found.native_value_ns,
              reply<msg::find_by_ts_result>{{error_code::not_leader_or_follower, -1}, std::move(done)}});
}

/// `items[places[i]]` gets what `found[i]` says.
void smq_group_store::answer_fetch(std::vector<msg::offset_fetch_item> items, const std::vector<std::size_t>& places,
                                   const std::vector<smq::position_answer>& found, const fetch_done& done) const {
  std::vector<std::size_t> native;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].code == smq::position_result::native)
      native.push_back(i);
    else
      items[places[i]] = item_of(items[places[i]].where, found[i]);
  }
  if (native.empty()) return done(std::move(items));
  auto all = fan_in<msg::offset_fetch_item>::make(
    native.size(), [items, places, native, done](std::vector<msg::offset_fetch_item> translated) mutable {
      for (std::size_t n = 0; n < native.size(); ++n) items[places[native[n]]] = std::move(translated[n]);
      done(std::move(items));
    });
  for (std::size_t n = 0; n < native.size(); ++n) {
    const auto& where = items[places[native[n]]].where;
    translate_native(where, found[native[n]], all->slot(n, {where, error_code::coordinator_load_in_progress, {}}));
  }
}

void smq_group_store::fetch(const std::string& group_id, std::vector<msg::group_partition> partitions,
                            fetch_done done) {
  std::vector<msg::offset_fetch_item> items(partitions.size());
  std::vector<smq::position_query> queries;
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    items[i].where = partitions[i];
    auto place = place_of(partitions[i]);
    if (!place) continue;  // no such topic or partition: no position
    queries.push_back({group_id, *place});
    asked.push_back(i);
  }
  if (queries.empty()) return done(std::move(items));
  smq::read_positions(store_->engine.entries, std::move(queries), store_->deadline(),
                      [self = shared_from_this(), items = std::move(items), asked, done = std::move(done)](
                        const std::vector<smq::position_answer>& found) {
                        self->answer_fetch(items, asked, found, done);
                      });
}

void smq_group_store::fetch_all(const std::string& group_id, std::vector<group_topic> topics,
                                std::function<void(msg::offset_fetch_result)> done) {
  std::vector<msg::group_partition> listed;
  const auto known = store_->topics.current();
  for (const auto& one : topics) {
    auto topic = known->find(one.topic_id);
    if (!topic && liveness_of(one.topic_id, one.topic) == topic_liveness::unknown)
      return done({error_code::coordinator_load_in_progress, {}});
    for (std::int32_t p = 0; topic && p < topic->partitions; ++p) listed.push_back({topic->name, topic->id, p});
  }
  // A native subscriber of that name may have positions in topics that the group never committed to.
  find_positions(group_id, [self = shared_from_this(), group_id, topics = std::move(topics),
                            listed = std::move(listed), done = std::move(done)](found_positions others) mutable {
    // Not complete: a topic that the group does not list cannot be read. That must not stop all groups.
    if (others.error != error_code::none) return done({error_code::coordinator_load_in_progress, {}});
    for (auto& where : others.where) {
      const auto is_it = [&](const group_topic& one) { return one.topic_id == where.topic_id; };
      if (std::ranges::none_of(topics, is_it)) listed.push_back(std::move(where));
    }
    self->fetch(group_id, std::move(listed), [done = std::move(done)](std::vector<msg::offset_fetch_item> items) {
      std::erase_if(items, [](const auto& i) { return i.error == error_code::none && i.position.offset < 0; });
      done({error_code::none, std::move(items)});
    });
  });
}

void smq_group_store::find_positions(const std::string& group_id, std::function<void(found_positions)> done) {
  lookups_->find(group_id, std::move(done));
}

}  // namespace tidegate::actors
