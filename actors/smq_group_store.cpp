#include "actors/smq_group_store.hpp"

#include "actors/log.hpp"
#include "smq/positions/group_entry.hpp"

namespace tidegate::actors {

namespace {

group_write_answer to_answer(const smq::write_answer& answer) {
  switch (answer.code) {
    case smq::write_result::stored: return {group_write_answer::status::stored, error_code::none};
    case smq::write_result::refused: return {group_write_answer::status::refused, error_code::kafka_storage_error};
    case smq::write_result::not_written:
    case smq::write_result::reload: return {group_write_answer::status::reload, error_code::coordinator_not_available};
    case smq::write_result::fenced: return {group_write_answer::status::fenced, error_code::not_coordinator};
  }
  return {group_write_answer::status::reload, error_code::coordinator_not_available};
}

}  // namespace

void smq_group_store::open(const std::string& group_id, std::function<void(loaded_group)> done) {
  store_->sessions.open("g/" + group_id, [self = shared_from_this(), group_id,
                                          done = std::move(done)](std::shared_ptr<smq::session> opened) {
    {
      std::lock_guard lock(self->mutex_);
      self->sessions_[group_id].swap(opened);  // the old one is closed without the mutex
    }
    smq::read_group(self->store_->engine.entries, group_id, self->store_->deadline(),
                    [done, group_id](const smq::group_answer& found) {
                      switch (found.code) {
                        case smq::group_result::found: return done({loaded_group::status::found, found.group});
                        case smq::group_result::absent: return done({loaded_group::status::absent, {}});
                        case smq::group_result::error: break;
                      }
                      log_event(log_level::error, "group cannot be loaded",
                                {{"group", group_id}, {"reason", found.reason}});
                      done({loaded_group::status::failed, {}});
                    });
  });
}

void smq_group_store::close(const std::string& group_id) {
  std::shared_ptr<smq::session> session;
  {
    std::lock_guard lock(mutex_);
    auto found = sessions_.find(group_id);
    if (found == sessions_.end()) return;
    session = std::move(found->second);
    sessions_.erase(found);
  }
  session->close([] {});
}

std::optional<smq::position_place> smq_group_store::place_of(const msg::group_partition& where) const {
  auto topic = store_->topics.current()->find(where.topic_id);
  if (!topic || where.partition < 0 || where.partition >= topic->partitions) return std::nullopt;
  return smq::position_place{topic->id, topic->directory_of(where.partition)};
}

std::optional<std::vector<smq::mutation>> smq_group_store::mutations_of(const std::string& group_id,
                                                                        const group_write& what) {
  std::vector<smq::mutation> all;
  for (const auto& where : what.erases)
    if (auto place = place_of(where)) all.push_back(smq::make_position_erasure(*place, group_id));
  if (what.erases_everything && what.entry)
    for (const auto& listed : what.entry->topics)
      if (auto topic = store_->topics.current()->find(listed.topic_id))
        for (std::int32_t p = 0; p < topic->partitions; ++p)
          all.push_back(smq::make_position_erasure({topic->id, topic->directory_of(p)}, group_id));
  if (what.entry) {
    auto entry = smq::make_group_mutation(*what.entry);
    if (!entry) return std::nullopt;
    all.push_back(std::move(*entry));
  }
  const smq::position_writer writer{store_->incarnation, seq_.fetch_add(1) + 1};
  for (const auto& put : what.puts) {
    auto place = place_of(put.where);
    if (!place) return std::nullopt;  // deleted since the handler looked: never "stored" for what is not written
    const auto value = store_->hints.value_of(put.where.topic_id, put.where.partition, put.position.offset);
    auto position = smq::make_position_mutation(*place, group_id, put.position, value, writer);
    if (!position) return std::nullopt;
    all.push_back(std::move(*position));
  }
  return all;
}

void smq_group_store::write(const std::string& group_id, group_write what,
                            std::function<void(group_write_answer)> done) {
  auto mutations = mutations_of(group_id, what);
  if (!mutations) return done({group_write_answer::status::refused, error_code::unknown_topic_or_partition});
  if (mutations->empty()) return done({});
  std::shared_ptr<smq::session> session;
  {
    std::lock_guard lock(mutex_);
    auto found = sessions_.find(group_id);
    if (found != sessions_.end()) session = found->second;
  }
  if (!session) return done({group_write_answer::status::reload, error_code::coordinator_not_available});
  session->write(std::move(*mutations), smq::write_class::commit,
                 [done = std::move(done)](const smq::write_answer& answer) { done(to_answer(answer)); });
}

msg::offset_fetch_item smq_group_store::item_of(const msg::group_partition& where,
                                                const smq::position_answer& found) const {
  msg::offset_fetch_item item;
  item.where = where;
  switch (found.code) {
    case smq::position_result::found: item.position = found.committed; break;
    case smq::position_result::absent: break;
    case smq::position_result::native:
    // Moved by a native subscriber: not translated yet, and never guessed.
    case smq::position_result::error:
      item.error = error_code::kafka_storage_error;
      log_event(log_level::error, "position cannot be read",
                {{"topic", where.topic}, {"partition", where.partition}, {"reason", found.reason}});
  }
  return item;
}

void smq_group_store::fetch(const std::string& group_id, std::vector<msg::group_partition> partitions,
                            std::function<void(std::vector<msg::offset_fetch_item>)> done) {
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
                        const std::vector<smq::position_answer>& found) mutable {
                        for (std::size_t i = 0; i < asked.size(); ++i)
                          items[asked[i]] = self->item_of(items[asked[i]].where, found[i]);
                        done(std::move(items));
                      });
}

void smq_group_store::fetch_all(const std::string& group_id, std::vector<group_topic> topics,
                                std::function<void(msg::offset_fetch_result)> done) {
  std::vector<msg::group_partition> partitions;
  for (const auto& listed : topics)
    if (auto topic = store_->topics.current()->find(listed.topic_id))
      for (std::int32_t p = 0; p < topic->partitions; ++p) partitions.push_back({topic->name, topic->id, p});
  fetch(group_id, std::move(partitions), [done = std::move(done)](std::vector<msg::offset_fetch_item> items) {
    msg::offset_fetch_result result;
    result.error = error_code::none;
    for (auto& item : items)
      if (item.error != error_code::none || item.position.offset >= 0) result.items.push_back(std::move(item));
    done(std::move(result));
  });
}

}  // namespace tidegate::actors
