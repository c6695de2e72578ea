#include "smq/embedded/index.hpp"
#include "smq/embedded/index_codec.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <filesystem>

/// Opening the index, to work with it or to read or copy it.
namespace tidegate::smq::embedded {

namespace {

/// RocksDB would make a file for its log.
class silent_log final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
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

}  // namespace

std::unique_ptr<index> index::open(const std::string& directory, hooks wanted, std::string& error) {
  std::unique_ptr<index> opened{new index};
  opened->hooks_ = std::move(wanted);
  opened->table_path_ = directory + "/checkpoint.tmp";
  rocksdb::DB* db = nullptr;
  if (const auto s = rocksdb::DB::Open(small_options(), directory, &db); !s.ok()) {
    error = "cannot open the index " + directory + ": " + s.ToString();
    return nullptr;
  }
  opened->db_.reset(db);
  if (error = opened->load(); !error.empty()) return nullptr;
  opened->checkpoint_thread_ = std::thread{[self = opened.get()] { self->run_checkpoints(); }};
  return opened;
}

std::unique_ptr<index> index::open_to_read(const std::string& directory, std::string& error) {
  std::unique_ptr<index> opened{new index};
  auto settings = small_options();
  settings.create_if_missing = false;
  settings.max_open_files = -1;  // all of them at once: its owner may delete some at any time
  settings.info_log = std::make_shared<silent_log>();
  rocksdb::DB* db = nullptr;
  if (const auto s = rocksdb::DB::OpenForReadOnly(settings, directory, &db); !s.ok()) {
    error = "cannot read the index " + directory + ": " + s.ToString();
    return nullptr;
  }
  opened->db_.reset(db);
  error = opened->load();
  return error.empty() ? std::move(opened) : nullptr;
}

/// RocksDB takes a directory without this file for a new one.
bool index::is_there(const std::string& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory + "/CURRENT", ignored);
}

std::unique_ptr<index> index::open_in_memory(std::string& error) {
  std::unique_ptr<index> opened{new index};
  opened->memory_.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  auto settings = small_options();
  settings.env = opened->memory_.get();
  settings.info_log = std::make_shared<silent_log>();
  rocksdb::DB* db = nullptr;
  if (const auto s = rocksdb::DB::Open(settings, "/index", &db); !s.ok()) {
    error = "cannot make an index in memory: " + s.ToString();
    return nullptr;
  }
  opened->db_.reset(db);
  return opened;
}

std::string index::copy_to(const std::string& directory) const {
  constexpr std::size_t batch_bytes = 1U << 20U;
  auto settings = small_options();
  settings.error_if_exists = true;
  rocksdb::DB* db = nullptr;
  if (const auto s = rocksdb::DB::Open(settings, directory, &db); !s.ok()) return "cannot write: " + s.ToString();
  const std::unique_ptr<rocksdb::DB> copy{db};
  rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  rocksdb::WriteBatch batch;
  rocksdb::Status s;
  const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator({})};
  for (it->SeekToFirst(); it->Valid() && s.ok(); it->Next()) {
    batch.Put(it->key(), it->value());
    if (batch.GetDataSize() < batch_bytes) continue;
    s = copy->Write(without_log, &batch);
    batch.Clear();
  }
  if (s.ok()) s = it->status();
  if (s.ok()) s = copy->Write(without_log, &batch);
  if (s.ok()) s = copy->Flush({});
  if (s.ok()) s = copy->Close();
  return s.ok() ? std::string{} : "cannot copy the index: " + s.ToString();
}

std::string index::load() {
  std::string value;
  const auto found = db_->Get({}, rocksdb::Slice{replay_key.data(), replay_key.size()}, &value);
  if (found.ok()) {
    const auto position = decode_position(value);
    if (!position) return "the index has a damaged replay position, or one of an unknown layout";
    replay_from_ = *position;
    durable_volume_ = position->volume;
  } else if (!found.IsNotFound()) {
    return "cannot read the index: " + found.ToString();
  }
  const rocksdb::Slice prefix{volume_prefix.data(), volume_prefix.size()};
  const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator({})};
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    const auto live = decode_live_bytes(it->key().ToStringView(), it->value().ToStringView());
    if (!live) return "the index has a damaged volume record";
    live_bytes_.insert(*live);
    live_total_ += live->second;
  }
  return it->status().ok() ? std::string{} : "cannot read the index: " + it->status().ToString();
}

}  // namespace tidegate::smq::embedded
