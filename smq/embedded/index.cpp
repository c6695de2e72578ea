#include "smq/embedded/index.hpp"

#include "smq/embedded/binary.hpp"
#include "smq/embedded/entry_codec.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <set>

namespace tidegate::smq::embedded {

namespace {

const std::string replay_key = "r";

std::string chunk_key(const chunk_id& id) { return "c" + id; }

std::string volume_key(std::uint32_t volume) {
  std::string key{"v"};
  put_number(key, volume);
  return key;
}

std::string encode_place(const chunk_place& place) {
  std::string out;
  put_number(out, std::uint8_t{1});
  put_number(out, place.volume);
  put_number(out, place.position);
  put_number(out, place.length);
  put_number(out, place.crc);
  return out;
}

std::optional<chunk_place> decode_place(std::string_view bytes) {
  binary_reader in{bytes};
  if (in.number<std::uint8_t>() != 1) return std::nullopt;
  chunk_place place;
  place.volume = in.number<std::uint32_t>();
  place.position = in.number<std::uint64_t>();
  place.length = in.number<std::uint64_t>();
  place.crc = in.number<std::uint32_t>();
  return in.ok() ? std::optional{place} : std::nullopt;
}

std::string encode_position(const replay_position& at) {
  std::string out;
  put_number(out, std::uint8_t{1});
  put_number(out, at.volume);
  put_number(out, at.position);
  put_number(out, at.next_seq);
  return out;
}

outcome unknown(std::string reason) { return {status::unknown, std::move(reason), 0}; }

outcome outcome_of(const rocksdb::Status& s) {
  if (s.ok()) return {};
  if (s.IsNotFound()) return {status::absent, {}, 0};
  return unknown(s.ToString());
}

/// RocksDB flushes memory when it is full, not only when we ask.
class flush_listener final : public rocksdb::EventListener {
 public:
  flush_listener(std::function<void()> before, std::shared_ptr<std::atomic<std::uint64_t>> durable)
    : before_(std::move(before)), durable_(std::move(durable)) {}

  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { before_(); }

  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) override {
    auto known = durable_->load();
    while (known < info.largest_seqno && !durable_->compare_exchange_weak(known, info.largest_seqno)) {
    }
  }

 private:
  std::function<void()> before_;
  std::shared_ptr<std::atomic<std::uint64_t>> durable_;
};

rocksdb::Options small_options() {
  rocksdb::Options o;
  o.create_if_missing = true;
  o.write_buffer_size = 4U << 20U;
  o.max_write_buffer_number = 3;
  o.max_background_jobs = 1;
  o.max_open_files = 128;
  o.compression = rocksdb::kNoCompression;
  o.target_file_size_base = 16U << 20U;
  o.max_bytes_for_level_base = 64U << 20U;
  o.keep_log_file_num = 2;
  o.max_log_file_size = 1U << 20U;
  o.info_log_level = rocksdb::WARN_LEVEL;
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.skip_stats_update_on_db_open = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(8U << 20U, 2);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

std::string path_of_key(std::string_view key) {
  const auto nul = key.find('\0');
  return std::string{key.substr(1, nul - 1)} + "/" + std::string{key.substr(nul + 1)};
}

}  // namespace

index::~index() = default;

std::unique_ptr<index> index::open(const std::string& directory, std::function<void()> before_flush,
                                   std::string& error) {
  std::unique_ptr<index> opened{new index};
  auto settings = small_options();
  settings.listeners.push_back(std::make_shared<flush_listener>(std::move(before_flush), opened->durable_change_));
  rocksdb::DB* db = nullptr;
  if (const auto s = rocksdb::DB::Open(settings, directory, &db); !s.ok()) {
    error = "cannot open the index " + directory + ": " + s.ToString();
    return nullptr;
  }
  opened->db_.reset(db);
  if (error = opened->load(); !error.empty()) return nullptr;
  opened->durable_change_->store(db->GetLatestSequenceNumber());
  return opened;
}

std::string index::load() {
  std::string value;
  const auto found = db_->Get({}, replay_key, &value);
  if (found.ok()) {
    binary_reader in{value};
    if (in.number<std::uint8_t>() != 1) return "the index has a replay position of an unknown layout";
    replay_from_.volume = in.number<std::uint32_t>();
    replay_from_.position = in.number<std::uint64_t>();
    replay_from_.next_seq = in.number<std::uint64_t>();
    if (!in.ok()) return "the index has a damaged replay position";
  } else if (!found.IsNotFound()) {
    return "cannot read the index: " + found.ToString();
  }
  const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator({})};
  for (it->Seek("v"); it->Valid() && it->key().starts_with("v"); it->Next()) {
    binary_reader number{it->key().ToStringView().substr(1)};
    binary_reader bytes{it->value().ToStringView()};
    live_bytes_[number.number<std::uint32_t>()] = bytes.number<std::uint64_t>();
    if (!number.ok() || !bytes.ok()) return "the index has a damaged volume record";
  }
  return it->status().ok() ? std::string{} : "cannot read the index: " + it->status().ToString();
}

stored_value index::find(const std::string& path) const {
  stored_value found;
  found.what = outcome_of(db_->Get({}, entry_key(path), &found.value));
  return found;
}

std::vector<stored_value> index::find_many(const std::vector<std::string>& paths) const {
  std::vector<std::string> keys;
  keys.reserve(paths.size());
  for (const auto& path : paths) keys.push_back(entry_key(path));
  const std::vector<rocksdb::Slice> slices{keys.begin(), keys.end()};
  std::vector<std::string> values;
  const auto states = db_->MultiGet({}, slices, &values);
  std::vector<stored_value> found(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) found[i] = {outcome_of(states[i]), std::move(values[i])};
  return found;
}

result<list_page> index::list(const std::string& directory, const std::string& after, std::size_t limit,
                              bool with_chunks) const {
  result<list_page> page;
  const auto prefix = children_prefix(directory);
  const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator({})};
  for (it->Seek(prefix + after); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    const auto name = it->key().ToStringView().substr(prefix.size());
    if (name == after) continue;
    if (page.value.entries.size() >= limit) {
      page.value.more = true;
      break;
    }
    const auto path = path_of_key(it->key().ToStringView());
    auto decoded = decode_entry(path, it->value().ToStringView(), with_chunks);
    if (!decoded) return {unknown("damaged entry " + path), {}};
    page.value.entries.push_back(std::move(*decoded));
  }
  if (!it->status().ok()) return {unknown(it->status().ToString()), {}};
  return page;
}

result<chunk_place> index::place_of(const chunk_id& id) const {
  std::string value;
  auto what = outcome_of(db_->Get({}, chunk_key(id), &value));
  if (!what.is_ok()) return {std::move(what), {}};
  const auto place = decode_place(value);
  if (!place) return {unknown("damaged place of a chunk"), {}};
  return {{}, *place};
}

result<std::vector<std::string>> index::paths_below(const std::string& directory, std::size_t limit) const {
  result<std::vector<std::string>> paths;
  std::string value;
  if (directory != "/" && db_->Get({}, entry_key(directory), &value).ok()) paths.value.push_back(directory);
  const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator({})};
  const auto deeper = directory == "/" ? std::string{"e/"} : "e" + directory + "/";
  for (const auto& prefix : {children_prefix(directory), deeper}) {
    for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix) && paths.value.size() < limit; it->Next()) {
      paths.value.push_back(path_of_key(it->key().ToStringView()));
    }
    if (!it->status().ok()) return {unknown(it->status().ToString()), {}};
  }
  return paths;
}

std::string index::apply(const window_effects& effects) {
  rocksdb::WriteBatch batch;
  auto live = live_bytes_;
  std::set<std::uint32_t> touched;
  for (const auto& r : effects.records) {
    if (r.value) {
      batch.Put(entry_key(r.path), *r.value);
    } else {
      batch.Delete(entry_key(r.path));
    }
  }
  for (const auto& [id, place] : effects.placed) {
    batch.Put(chunk_key(id), encode_place(place));
    live[place.volume] += place.length;
    touched.insert(place.volume);
  }
  for (const auto& id : effects.released) {
    const auto here = effects.placed.find(id);
    const auto place = here != effects.placed.end() ? result<chunk_place>{{}, here->second} : place_of(id);
    if (place.what.code == status::absent) continue;
    if (!place.is_ok()) return place.what.reason;
    batch.Delete(chunk_key(id));
    auto& bytes = live[place.value.volume];
    bytes -= std::min(bytes, place.value.length);
    touched.insert(place.value.volume);
  }
  for (const auto volume : touched) {
    std::string bytes;
    put_number(bytes, live[volume]);
    if (live[volume] == 0) {
      batch.Delete(volume_key(volume));
      live.erase(volume);
    } else {
      batch.Put(volume_key(volume), bytes);
    }
  }
  batch.Put(replay_key, encode_position(effects.next));
  rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  if (const auto s = db_->Write(without_log, &batch); !s.ok()) return "cannot write the index: " + s.ToString();
  live_bytes_ = std::move(live);
  replay_from_ = effects.next;
  return {};
}

std::uint64_t index::latest_change() const { return db_->GetLatestSequenceNumber(); }

std::string index::flush(bool wait) {
  rocksdb::FlushOptions how;
  how.wait = wait;
  how.allow_write_stall = true;
  const auto s = db_->Flush(how);
  return s.ok() ? std::string{} : "cannot flush the index: " + s.ToString();
}

}  // namespace tidegate::smq::embedded
