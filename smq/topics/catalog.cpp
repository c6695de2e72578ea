#include "smq/topics/catalog.hpp"

#include "smq/entry_path.hpp"
#include "smq/topics/decided.hpp"
#include "smq/topics/name_lookup.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace tidegate::smq {

namespace {

/// Joins a name record with the topic entry of the same reading; an entry of another incarnation is an error.
topic_answer join_topic(const name_record& record, const result<entry>& found) {
  if (!found.is_ok()) {
    auto reason = found.what.code == status::absent ? "no entry " + topic_entry_path(record.name) : found.what.reason;
    return {lookup_result::error, std::move(reason), {}, found.what.is_damaged};
  }
  auto topic = decode_topic_entry(found.value.content);
  if (!topic || topic->name != record.name) {
    auto what = unreadable("entry " + topic_entry_path(record.name), found.value.content, topic_entry_version);
    return {lookup_result::error, std::move(what.reason), {}, true};
  }
  if (topic->id != record.topic_id || topic->creation_second != record.creation_second)
    return {lookup_result::error, topic_entry_path(record.name) + " belongs to another topic id", {}};
  topic->state = record.state;
  return {lookup_result::found, {}, std::move(*topic)};
}

/// All that a topic needs to be removed.
topic_info without_entry(const name_record& record) {
  topic_info topic;
  topic.name = record.name;
  topic.id = record.topic_id;
  topic.creation_second = record.creation_second;
  topic.state = record.state;
  return topic;
}

std::string check_spec(const topic_spec& spec, std::int64_t now_second) {
  if (!is_legal_topic_name(spec.name)) return "illegal topic name";
  if (spec.partitions < 1 || spec.partitions > most_partitions) return "partitions must be 1 to 10000";
  if (spec.span_seconds < 1) return "the span of a segment must be at least one second";
  // Leaves a year above: a re-created topic starts after the last one.
  if (now_second < 0 || now_second > last_creation_second - 366 * 86'400) return "the clock is wrong";
  return {};
}

create_answer judge_create(const topic_info& topic, const decided& what) {
  switch (what.code) {
    case decided::kind::applied:
      return {create_result::created, {}, topic};
    case decided::kind::refused:
      return {create_result::refused, what.reason, {}};
    case decided::kind::unknown:
      return {create_result::unknown, what.reason, {}};
    case decided::kind::displaced:
      break;
  }
  auto record = what.current ? decode_name_record(*what.current) : std::nullopt;
  if (!record) return {create_result::unknown, "damaged entry " + name_entry_path(topic.name), {}};
  // Somebody else may have moved our own topic on before we looked: it was created.
  if (record->topic_id == topic.id) return {create_result::created, {}, topic};
  if (record->state == topic_state::gone) return {create_result::unknown, "created and deleted meanwhile", {}};
  return {create_result::already_exists, {}, {}};
}

/// Repeats a torn reading: between two reads of one call the topic may be deleted and created again.
constexpr int most_get_attempts = 3;

void get_topic(entry_port& entries, const std::string& name, int attempts_left, time_point deadline,
               completion<topic_answer> done) {
  using answers = std::vector<result<entry>>;
  auto on_answer = [&entries, name, attempts_left, deadline, done = std::move(done)](result<answers> found) {
    if (!found.is_ok() || found.value.size() != 2)
      return done({lookup_result::error, found.what.reason, {}, found.what.is_damaged});
    auto named = read_name(name, found.value[0]);
    if (named.code != lookup_result::found) return done({named.code, named.reason, {}, named.is_damaged});
    if (named.record.state != topic_state::live) return done({lookup_result::absent, {}, without_entry(named.record)});
    auto answer = join_topic(named.record, found.value[1]);
    if (answer.code == lookup_result::error && attempts_left > 1)
      return get_topic(entries, name, attempts_left - 1, deadline, done);
    done(std::move(answer));
  };
  entries.get_many({name_entry_path(name), topic_entry_path(name)}, deadline, std::move(on_answer));
}

struct list_in_work {
  topic_page page;
  std::vector<name_record> live;
  std::vector<std::string> suspects;  // their two entries do not match: damaged, or changed between two reads
};

void check_suspects(entry_port& entries, const std::shared_ptr<list_in_work>& work, time_point deadline,
                    const completion<result<topic_page>>& done) {
  if (work->suspects.empty()) {
    auto by_name = [](const topic_info& a, const topic_info& b) { return escape_name(a.name) < escape_name(b.name); };
    std::sort(work->page.topics.begin(), work->page.topics.end(), by_name);
    return done({{}, std::move(work->page)});
  }
  const auto name = work->suspects.back();
  work->suspects.pop_back();
  get_topic(entries, name, most_get_attempts, deadline, [&entries, work, name, deadline, done](topic_answer answer) {
    if (answer.code == lookup_result::found) work->page.topics.push_back(std::move(answer.topic));
    if (answer.code == lookup_result::error) work->page.unreadable.push_back(name);
    check_suspects(entries, work, deadline, done);
  });
}

void join_topics(list_in_work& work, const std::vector<result<entry>>& found) {
  for (std::size_t i = 0; i < work.live.size(); ++i) {
    auto answer = join_topic(work.live[i], found[i]);
    if (answer.code == lookup_result::found) {
      work.page.topics.push_back(std::move(answer.topic));
    } else {
      work.suspects.push_back(work.live[i].name);
    }
  }
}

std::string check_update(const topic_info& before, const topic_info& after) {
  if (before.name != after.name || before.id != after.id || before.creation_second != after.creation_second)
    return "another topic";
  if (after.partitions < before.partitions) return "the number of partitions never shrinks";
  if (after.partitions > most_partitions) return "partitions must be 1 to 10000";
  if (after.span_seconds < before.span_seconds) return "the span of a segment never shrinks";
  return {};
}

update_answer judge_update(const uuid& topic_id, const decided& what) {
  switch (what.code) {
    case decided::kind::applied:
      return {update_result::done, {}};
    case decided::kind::refused:
      return {update_result::refused, what.reason};
    case decided::kind::unknown:
      return {update_result::unknown, what.reason};
    case decided::kind::displaced:
      break;
  }
  auto record = what.current ? decode_name_record(*what.current) : std::nullopt;
  if (!record) return {update_result::unknown, "damaged name entry"};
  const bool lives = record->topic_id == topic_id && record->state == topic_state::live;
  return {lives ? update_result::changed : update_result::absent, {}};
}

/// Puts the partitions of `after` into what `topic.conf` is now. A broker that writes it in the same moment loses: only
/// one entry can be the guard, and that is the name. Errors: it cannot be read; what it keeps would be lost.
result<mutation> grown_conf(const topic_info& after, const result<entry>& found) {
  const auto path = topic_conf_path(after.name);
  if (found.what.code == status::absent) return {{}, put(path, make_topic_conf(after))};
  if (!found.is_ok()) return {found.what, {}};
  auto content = found.value.chunks.empty() ? grow_topic_conf(found.value.content, after) : std::nullopt;
  if (!content) return {damaged(path), {}};
  auto grown = put(path, std::move(*content));
  grown.target.attributes = found.value.attributes;
  return {{}, std::move(grown)};
}

/// Of a legal name only a leading "." is escaped; what is none has no topic, and stays as it is.
std::string unescaped_topic(const std::string& escaped) {
  constexpr std::string_view dot = "%2E";
  return escaped.starts_with(dot) ? "." + escaped.substr(dot.size()) : escaped;
}

/// Takes the live names of one page of `names/`; damaged ones go to `page.unreadable`, half removed ones to
/// `page.deleting`.
std::vector<name_record> live_names(const list_page& names, topic_page& page) {
  std::vector<name_record> live;
  for (const auto& name : names.directories) page.unreadable.push_back(names_directory() + "/" + name);
  for (const auto& e : names.entries) {
    page.next = name_of(e.path);
    auto record = decode_name_record(e.content);
    if (!record || name_entry_path(record->name) != e.path) {
      page.unreadable.push_back(unescaped_topic(page.next));
    } else if (record->state == topic_state::live) {
      live.push_back(std::move(*record));
    } else if (record->state == topic_state::deleting) {
      page.deleting.push_back(without_entry(*record));
    }
  }
  page.more = names.more && !names.entries.empty();
  return live;
}

constexpr std::size_t list_all_page = 1000;

void list_rest(const topic_catalog& catalog, const std::shared_ptr<topic_page>& all, time_point deadline,
               const completion<result<topic_page>>& done) {
  catalog.list(all->next, list_all_page, deadline, [catalog, all, deadline, done](result<topic_page> page) {
    if (!page.is_ok()) return done({page.what, {}});
    std::move(page.value.topics.begin(), page.value.topics.end(), std::back_inserter(all->topics));
    std::move(page.value.unreadable.begin(), page.value.unreadable.end(), std::back_inserter(all->unreadable));
    std::move(page.value.deleting.begin(), page.value.deleting.end(), std::back_inserter(all->deleting));
    all->next = page.value.next;
    if (page.value.more) return list_rest(catalog, all, deadline, done);
    done({{}, std::move(*all)});
  });
}

}  // namespace

void topic_catalog::create(const topic_spec& spec, std::int64_t now_second, const uuid& topic_id,
                           const uuid& transaction_id, time_point deadline, completion<create_answer> done) const {
  topic_info topic;
  topic.name = spec.name;
  topic.id = topic_id;
  topic.partitions = spec.partitions;
  topic.configs = spec.configs;
  topic.span_seconds = spec.span_seconds;
  auto objection = check_spec(spec, now_second);
  if (objection.empty() && !encode_topic_entry(topic)) objection = "a config is longer than 65535 bytes";
  if (!objection.empty()) return done({create_result::invalid, objection, {}});
  auto on_name = [&entries = *entries_, topic, now_second, transaction_id, deadline,
                  done = std::move(done)](const name_lookup& named) mutable {
    if (named.code == lookup_result::error) return done({create_result::unknown, named.reason, {}});
    const bool known = named.code == lookup_result::found;
    if (known && named.record.state != topic_state::gone) return done({create_result::already_exists, {}, {}});
    if (known && named.record.creation_second >= last_creation_second)
      return done({create_result::invalid, "the last topic of that name is of the year 2262", {}});
    topic.creation_second = known ? std::max(now_second, named.record.creation_second + 1) : now_second;
    const auto path = name_entry_path(topic.name);
    std::vector<mutation> mutations;
    mutations.push_back(put(topic_entry_path(topic.name), encode_topic_entry(topic).value()));
    mutations.push_back(put(topic_conf_path(topic.name), make_topic_conf(topic)));
    mutations.push_back(put(
        path, encode_name_record({topic_state::live, topic.id, topic.creation_second, transaction_id, topic.name})));
    transact_decided(entries, {path, named.content}, std::move(mutations), deadline,
                     [topic, done = std::move(done)](const decided& what) { done(judge_create(topic, what)); });
  };
  look_up_name(*entries_, spec.name, deadline, std::move(on_name));
}

void topic_catalog::get(const std::string& name, time_point deadline, completion<topic_answer> done) const {
  if (!is_legal_topic_name(name)) return done({lookup_result::absent, "illegal topic name", {}});
  get_topic(*entries_, name, most_get_attempts, deadline, std::move(done));
}

void topic_catalog::update(const topic_info& before, const topic_info& after, const uuid& transaction_id,
                           time_point deadline, completion<update_answer> done) const {
  auto objection = check_update(before, after);
  auto content = encode_topic_entry(after);
  if (objection.empty() && !content) objection = "a config is longer than 65535 bytes";
  if (!objection.empty()) return done({update_result::refused, objection});
  std::vector<std::string> paths{name_entry_path(before.name), topic_entry_path(before.name)};
  // Brokers keep the leader in topic.conf, so it is only written when it must change.
  const bool grows = after.partitions != before.partitions;
  if (grows) paths.push_back(topic_conf_path(after.name));
  using answers = std::vector<result<entry>>;
  auto on_answer = [&entries = *entries_, before, after, content = *content, transaction_id, deadline, grows,
                    count = paths.size(), done = std::move(done)](const result<answers>& found) {
    if (!found.is_ok() || found.value.size() != count) return done({update_result::unknown, found.what.reason});
    const auto named = read_name(before.name, found.value[0]);
    if (named.code == lookup_result::error) return done({update_result::unknown, named.reason});
    const bool lives = named.code == lookup_result::found && named.record.topic_id == before.id &&
                       named.record.state == topic_state::live;
    if (!lives) return done({update_result::absent, {}});
    const auto current = join_topic(named.record, found.value[1]);
    if (current.code == lookup_result::error) return done({update_result::unknown, current.reason});
    if (current.topic != before) return done({update_result::changed, {}});
    auto wanted = named.record;
    wanted.transaction_id = transaction_id;
    std::vector<mutation> mutations;
    if (grows) {
      auto conf = grown_conf(after, found.value[2]);
      if (!conf.is_ok()) {  // nothing is written; to ask again is of use only where it could not be read
        const bool is_decided = conf.what.is_damaged;
        return done({is_decided ? update_result::refused : update_result::unknown, conf.what.reason});
      }
      mutations.push_back(std::move(conf.value));  // before our own entry tells anybody of the new partitions
    }
    mutations.push_back(put(topic_entry_path(after.name), content));
    mutations.push_back(put(name_entry_path(after.name), encode_name_record(wanted)));
    transact_decided(entries, {name_entry_path(after.name), named.content}, std::move(mutations), deadline,
                     [id = before.id, done](const decided& what) { done(judge_update(id, what)); });
  };
  entries_->get_many(std::move(paths), deadline, std::move(on_answer));
}

void topic_catalog::list(const std::string& after, std::size_t limit, time_point deadline,
                         completion<result<topic_page>> done) const {
  auto on_names = [&entries = *entries_, deadline, done = std::move(done)](const result<list_page>& names) {
    if (!names.is_ok()) return done({names.what, {}});
    topic_page page;
    auto live = live_names(names.value, page);
    if (live.empty()) return done({{}, std::move(page)});
    std::vector<std::string> paths;
    for (const auto& record : live) paths.push_back(topic_entry_path(record.name));
    auto work = std::make_shared<list_in_work>(list_in_work{std::move(page), std::move(live), {}});
    auto on_topics = [&entries, work, deadline, done](const result<std::vector<result<entry>>>& found) {
      if (!found.is_ok()) return done({found.what, {}});
      if (found.value.size() != work->live.size()) return done({{status::unknown, "short answer of the store", 0}, {}});
      join_topics(*work, found.value);
      check_suspects(entries, work, deadline, done);
    };
    entries.get_many(std::move(paths), deadline, std::move(on_topics));
  };
  entries_->list(names_directory(), after, limit, false, deadline, std::move(on_names));
}

void topic_catalog::list_all(time_point deadline, completion<result<topic_page>> done) const {
  list_rest(*this, std::make_shared<topic_page>(), deadline, done);
}

}  // namespace tidegate::smq
