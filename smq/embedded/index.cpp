#include "smq/embedded/index.hpp"

#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/index_codec.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <algorithm>

namespace tidegate::smq::embedded {

namespace {

outcome unknown(std::string reason) { return {status::unknown, std::move(reason), 0}; }

outcome absent() { return {status::absent, {}, 0}; }

outcome outcome_of(const rocksdb::Status& s) {
  if (s.ok()) return {};
  if (s.IsNotFound()) return absent();
  return unknown(s.ToString());
}

std::string path_of_key(std::string_view key) {
  const auto nul = key.find('\0');
  return std::string{key.substr(1, nul - 1)} + "/" + std::string{key.substr(nul + 1)};
}

stored_value to_stored(const child_entry& recent) {
  const auto value = recent.value();
  if (!value) return {absent(), {}};
  return {{}, std::string{*value}};
}

/// "" for the root, which is what split_path calls it.
std::string_view directory_name(std::string_view directory) { return directory == "/" ? "" : directory; }

bool is_at_or_below(std::string_view directory, std::string_view top) {
  return directory.starts_with(top) && (directory.size() == top.size() || directory[top.size()] == '/');
}

/// Adds one entry to a page. False: the page is complete, or damaged.
bool add_to(result<list_page>& page, const std::string& path, std::string_view value, std::size_t limit,
            bool with_chunks) {
  if (page.value.entries.size() >= limit) {
    page.value.more = true;
    return false;
  }
  auto decoded = decode_entry(path, value, with_chunks);
  if (!decoded) {
    page = {unreadable("entry " + path, value, entry_version, status::unknown), {}};
    return false;
  }
  page.value.entries.push_back(std::move(*decoded));
  return true;
}

}  // namespace

index::~index() {
  {
    const std::lock_guard lock{checkpoint_mutex_};
    stopping_ = true;
  }
  checkpoint_changed_.notify_all();
  if (checkpoint_thread_.joinable()) checkpoint_thread_.join();
}

/// Called with layers_mutex_. nullptr: RocksDB knows.
const child_entry* index::find_recent(std::string_view path) const {
  if (const auto* found = active_->find(path)) return found;
  return frozen_ ? frozen_->find(path) : nullptr;
}

stored_value index::find(const std::string& path) const {
  {
    const std::shared_lock lock{layers_mutex_};
    if (const auto* recent = find_recent(path)) return to_stored(*recent);
  }
  stored_value found;
  found.what = outcome_of(db_->Get({}, entry_key(path), &found.value));
  return found;
}

std::vector<stored_value> index::find_many(const std::vector<std::string>& paths) const {
  std::vector<stored_value> found(paths.size());
  std::vector<std::size_t> asked;
  std::vector<std::string> keys;
  {
    const std::shared_lock lock{layers_mutex_};
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (const auto* recent = find_recent(paths[i])) {
        found[i] = to_stored(*recent);
      } else {
        asked.push_back(i);
        keys.push_back(entry_key(paths[i]));
      }
    }
  }
  if (asked.empty()) return found;
  const std::vector<rocksdb::Slice> slices{keys.begin(), keys.end()};
  std::vector<std::string> values;
  const auto states = db_->MultiGet({}, slices, &values);
  for (std::size_t i = 0; i < asked.size(); ++i) found[asked[i]] = {outcome_of(states[i]), std::move(values[i])};
  return found;
}

result<std::vector<chunk_id>> index::chunks_named_by(const std::string& path) const {
  const auto named = [&](std::string_view value) -> result<std::vector<chunk_id>> {
    auto ids = chunks_of(value);
    if (!ids) return {unreadable("entry " + path, value, entry_version, status::unknown), {}};
    return {{}, std::move(*ids)};
  };
  {
    const std::shared_lock lock{layers_mutex_};
    if (const auto* recent = find_recent(path)) {
      const auto value = recent->value();
      return value ? named(*value) : result<std::vector<chunk_id>>{};
    }
  }
  rocksdb::PinnableSlice value;
  const auto what = outcome_of(db_->Get({}, db_->DefaultColumnFamily(), entry_key(path), &value));
  if (what.code == status::absent) return {};
  if (!what.is_ok()) return {what, {}};
  return named(value.ToStringView());
}

/// Called with layers_mutex_. What the layers know of the children behind `after`, in order: more than `limit` that are
/// not erased, or all.
std::vector<index::recent_child> index::recent_children(std::string_view directory, std::string_view after,
                                                        std::size_t limit) const {
  std::vector<const child_entry*> known;
  std::size_t more = 1;  // one to see that the page does not end the directory, and as many as are erased
  const auto* newest = active_->children_of(directory);
  const auto* older = frozen_ ? frozen_->children_of(directory) : nullptr;
  for (const auto* children : {newest, older}) {
    if (children == nullptr) continue;
    for (const auto& child : *children) {
      const auto name = child.name();
      if (name <= after || (children == older && newest != nullptr && newest->contains(name))) continue;
      known.push_back(&child);
      if (!child.value()) ++more;
    }
  }
  const auto by_name = [](const auto* a, const auto* b) { return a->name() < b->name(); };
  if (known.size() > limit && known.size() - limit > more) {
    const auto end = known.begin() + static_cast<std::ptrdiff_t>(limit + more);
    std::nth_element(known.begin(), end, known.end(), by_name);
    known.erase(end, known.end());
  }
  std::sort(known.begin(), known.end(), by_name);
  std::vector<recent_child> copies;
  copies.reserve(known.size());
  for (const auto* child : known) {
    auto& copy = copies.emplace_back();
    copy.name = child->name();
    if (const auto value = child->value()) copy.value.emplace(*value);
  }
  return copies;
}

result<list_page> index::list(const std::string& directory, const std::string& after, std::size_t limit,
                              bool with_chunks) const {
  const auto prefix = children_prefix(directory);
  const std::string parent{directory_name(directory)};
  std::vector<recent_child> recent;
  std::unique_ptr<rocksdb::Iterator> it;
  {
    const std::shared_lock lock{layers_mutex_};
    recent = recent_children(parent, after, limit);
    it.reset(db_->NewIterator({}));
  }
  result<list_page> page;
  auto next = recent.begin();
  const auto add_recent = [&] {
    const auto& [name, value] = *next++;
    return !value || add_to(page, parent + "/" + name, *value, limit, with_chunks);
  };
  for (it->Seek(prefix + after); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    const auto name = it->key().ToStringView().substr(prefix.size());
    if (name == after) continue;
    while (next != recent.end() && next->name < name) {
      if (!add_recent()) return page;
    }
    if (next != recent.end() && next->name == name) continue;  // newer in a layer
    const auto path = path_of_key(it->key().ToStringView());
    if (!add_to(page, path, it->value().ToStringView(), limit, with_chunks)) return page;
  }
  if (!it->status().ok()) return {unknown(it->status().ToString()), {}};
  while (next != recent.end()) {
    if (!add_recent()) return page;
  }
  return page;
}

result<chunk_place> index::place_of(const chunk_id& id) const {
  {
    const std::shared_lock lock{layers_mutex_};
    for (const auto& l : {active_, frozen_}) {
      if (const auto* recent = l ? l->find_chunk(id) : nullptr) {
        return *recent ? result<chunk_place>{{}, **recent} : result<chunk_place>{absent(), {}};
      }
    }
  }
  std::string value;
  auto what = outcome_of(db_->Get({}, chunk_key(id), &value));
  if (!what.is_ok()) return {std::move(what), {}};
  const auto place = decode_place(value);
  if (!place) return {damaged("place of a chunk", status::unknown), {}};
  return {{}, *place};
}

/// Called with layers_mutex_. The directory itself, if it is an entry, and what the layers know below it.
std::vector<std::string> index::recent_below(const std::string& directory) const {
  const auto top = directory_name(directory);
  std::vector<std::string> paths;
  if (!top.empty()) {
    std::string value;
    const auto* recent = find_recent(top);
    const auto is_there = recent != nullptr ? recent->value().has_value() : db_->Get({}, entry_key(top), &value).ok();
    if (is_there) paths.push_back(directory);
  }
  for (const auto& l : {active_, frozen_}) {
    if (!l) continue;
    for (const auto& [name, children] : l->directories()) {
      if (!is_at_or_below(name, top)) continue;
      for (const auto& child : children) {
        auto path = name + "/" + std::string{child.name()};
        if (child.value() && find_recent(path) == &child) paths.push_back(std::move(path));
      }
    }
  }
  return paths;
}

result<std::vector<std::string>> index::paths_below(const std::string& directory, tree_cursor& from,
                                                    std::size_t limit) const {
  const std::shared_lock lock{layers_mutex_};
  if (!from.has_begun) from.recent = recent_below(directory);
  from.has_begun = true;
  result<std::vector<std::string>> paths;
  for (; !from.recent.empty() && paths.value.size() < limit; from.recent.pop_back())
    paths.value.push_back(std::move(from.recent.back()));
  const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator({})};
  // In the order of the keys: the children, then everything in directories below.
  for (const auto& prefix : {children_prefix(directory), "e" + std::string{directory_name(directory)} + "/"}) {
    const bool has_begun = from.after.starts_with(prefix);
    if (!has_begun && from.after > prefix) continue;
    it->Seek(has_begun ? from.after : prefix);
    if (has_begun && it->Valid() && it->key().ToStringView() == from.after) it->Next();
    for (; it->Valid() && it->key().starts_with(prefix) && paths.value.size() < limit; it->Next()) {
      from.after = it->key().ToString();
      auto path = path_of_key(from.after);
      if (find_recent(path) == nullptr) paths.value.push_back(std::move(path));
    }
    if (!it->status().ok()) return {unknown(it->status().ToString()), {}};
  }
  return paths;
}

std::string index::apply(window_effects&& effects) {
  if (is_broken_) return wait_for_checkpoint();
  for (const auto& [id, place] : effects.placed) {
    live_bytes_[place.volume] += place.length;
    live_total_ += place.length;
  }
  std::map<std::uint32_t, std::uint64_t> freed;
  for (const auto& [id, from] : effects.moved) freed[from.volume] += from.length;
  for (const auto& id : effects.released) {
    const auto here = effects.placed.find(id);
    const auto place = here != effects.placed.end() ? result<chunk_place>{{}, here->second} : place_of(id);
    if (place.what.code == status::absent) continue;
    if (!place.is_ok()) return place.what.reason;
    freed[place.value.volume] += place.value.length;
  }
  const std::unique_lock lock{layers_mutex_};
  for (const auto& r : effects.records) active_->set(r.path, r.value);
  for (const auto& [id, place] : effects.placed) {
    if (effects.moved.contains(id)) {
      active_->move(id, place);
    } else {
      active_->place(id, place);
    }
    active_->live_bytes[place.volume] = live_bytes_[place.volume];
  }
  for (const auto& id : effects.released) active_->release(id);
  for (const auto& [volume, bytes] : freed) {
    auto& live = live_bytes_[volume];
    live_total_ -= std::min(live, bytes);
    live -= std::min(live, bytes);
    active_->live_bytes[volume] = live;
    if (live == 0) live_bytes_.erase(volume);
  }
  replay_from_ = effects.next;
  active_->next = effects.next;
  active_->change = ++latest_change_;
  return {};
}

}  // namespace tidegate::smq::embedded
