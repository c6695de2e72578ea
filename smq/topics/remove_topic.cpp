// Live → deleting → gone: what is between the two marks is repeated until it is done.
#include "smq/entry_path.hpp"
#include "smq/topics/catalog.hpp"
#include "smq/topics/decided.hpp"
#include "smq/topics/name_lookup.hpp"

#include <utility>

namespace tidegate::smq {

namespace {

constexpr int most_mark_attempts = 8;  // changes of one topic come one after the other

remove_answer judge_remove(const name_record& wanted, const decided& what) {
  switch (what.code) {
    case decided::kind::applied:
      return {remove_result::done, {}, wanted.topic_id, wanted.creation_second};
    case decided::kind::refused:
      return {remove_result::refused, what.reason, {}, 0};
    case decided::kind::unknown:
      return {remove_result::unknown, what.reason, {}, 0};
    case decided::kind::displaced:
      break;
  }
  auto record = what.current ? decode_name_record(*what.current) : std::nullopt;
  if (!record) return {remove_result::unknown, "damaged entry " + name_entry_path(wanted.name), {}, 0};
  const bool as_wanted = record->topic_id == wanted.topic_id && record->state >= wanted.state;
  if (as_wanted) return {remove_result::done, {}, wanted.topic_id, wanted.creation_second};
  return {remove_result::unknown, "the topic changed meanwhile", {}, 0};
}

/// A change of the topic may come first; then the mark is put on what it left. Never on another topic of that name.
void mark_deleting(entry_port& entries, name_record wanted, const std::string& content, const uuid& transaction_id,
                   int attempts, time_point deadline, const completion<remove_answer>& done) {
  wanted.state = topic_state::deleting;
  wanted.transaction_id = transaction_id;
  const auto path = name_entry_path(wanted.name);
  auto on_decided = [&entries, wanted, transaction_id, attempts, deadline, done](const decided& what) {
    const auto now = what.current ? decode_name_record(*what.current) : std::nullopt;
    const bool is_changed = what.code == decided::kind::displaced && now && now->topic_id == wanted.topic_id &&
                            now->state == topic_state::live;
    if (!is_changed || attempts == 1) return done(judge_remove(wanted, what));
    mark_deleting(entries, *now, *what.current, transaction_id, attempts - 1, deadline, done);
  };
  transact_decided(entries, {path, content}, {put(path, encode_name_record(wanted))}, deadline, std::move(on_decided));
}

void mark_gone(entry_port& entries, const name_lookup& named, const uuid& transaction_id, time_point deadline,
               completion<remove_answer> done) {
  auto wanted = named.record;
  wanted.state = topic_state::gone;
  wanted.transaction_id = transaction_id;
  const auto path = name_entry_path(wanted.name);
  std::vector<mutation> mutations;
  mutations.push_back(erase(topic_conf_path(wanted.name)));
  mutations.push_back(erase(topic_entry_path(wanted.name)));
  mutations.push_back(put(path, encode_name_record(wanted)));
  transact_decided(entries, {path, named.content}, std::move(mutations), deadline,
                   [wanted, done = std::move(done)](const decided& what) { done(judge_remove(wanted, what)); });
}

}  // namespace

void topic_catalog::begin_remove(const std::string& name, const uuid& only_id, const uuid& transaction_id,
                                 time_point deadline, completion<remove_answer> done) const {
  auto on_name = [&entries = *entries_, only_id, transaction_id, deadline,
                  done = std::move(done)](const name_lookup& named) {
    if (named.code == lookup_result::error) return done({remove_result::unknown, named.reason, {}, 0});
    const bool is_another = only_id != uuid{} && named.record.topic_id != only_id;
    if (named.code == lookup_result::absent || named.record.state == topic_state::gone || is_another)
      return done({remove_result::absent, {}, {}, 0});
    if (named.record.state == topic_state::deleting)
      return done({remove_result::done, {}, named.record.topic_id, named.record.creation_second});
    mark_deleting(entries, named.record, *named.content, transaction_id, most_mark_attempts, deadline, done);
  };
  look_up_name(*entries_, name, deadline, std::move(on_name));
}

void topic_catalog::finish_remove(const std::string& name, const uuid& topic_id, const uuid& transaction_id,
                                  time_point deadline, completion<remove_answer> done) const {
  auto on_name = [&entries = *entries_, topic_id, transaction_id, deadline,
                  done = std::move(done)](const name_lookup& named) {
    if (named.code == lookup_result::error) return done({remove_result::unknown, named.reason, {}, 0});
    const bool ours = named.code == lookup_result::found && named.record.topic_id == topic_id;
    if (!ours) return done({remove_result::absent, {}, {}, 0});
    const auto& record = named.record;
    if (record.state == topic_state::live) return done({remove_result::refused, "the topic is live", {}, 0});
    auto on_removed = [&entries, named, transaction_id, deadline, done](const outcome& what) {
      const remove_answer finished{remove_result::done, {}, named.record.topic_id, named.record.creation_second};
      if (what.code == status::refused) return done({remove_result::refused, what.reason, {}, 0});
      if (!what.is_ok() && what.code != status::absent) return done({remove_result::unknown, what.reason, {}, 0});
      if (named.record.state == topic_state::gone) return done(finished);
      mark_gone(entries, named, transaction_id, deadline, done);
    };
    entries.remove_tree(version_directory(record.name, record.creation_second), deadline, std::move(on_removed));
  };
  look_up_name(*entries_, name, deadline, std::move(on_name));
}

}  // namespace tidegate::smq
