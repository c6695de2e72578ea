#include "smq/counters.hpp"
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/index.hpp"
#include "smq/embedded/index_codec.hpp"

#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

/// Writing a layer into RocksDB, on a thread of its own.
namespace tidegate::smq::embedded {

namespace {

// As volumes say it.
constexpr std::string_view no_room = "disk full";
constexpr std::string_view no_files = "the process has no more file descriptors";
constexpr std::chrono::milliseconds between_tries{1000};
constexpr std::uint64_t most_new_files = 16;  // that no compaction has taken yet

std::string_view key_of(const child_entry& child) { return child.name(); }

template <class Value>
std::string_view key_of(const std::pair<const std::string, Value>& element) {
  return element.first;
}

/// Pointers to the elements of a map or set in the order of their keys.
template <class Elements>
auto in_order(const Elements& elements) {
  std::vector<const typename Elements::value_type*> all;
  all.reserve(elements.size());
  for (const auto& element : elements) all.push_back(&element);
  std::ranges::sort(all, {}, [](const auto* element) { return key_of(*element); });
  return all;
}

/// Writes a table file, keys in order. The first error is kept; nothing is written behind it.
class table {
 public:
  explicit table(const rocksdb::Options& settings) : file_({}, settings, nullptr, false) {}

  void open(const std::string& path) { state_ = file_.Open(path); }

  void put(std::string_view key, std::string_view value) {
    if (state_.ok()) state_ = file_.Put(slice(key), slice(value));
  }

  void erase(std::string_view key) {
    if (state_.ok()) state_ = file_.Delete(slice(key));
  }

  /// It is on the disk now.
  rocksdb::Status finish() {
    if (state_.ok()) state_ = file_.Finish();
    return state_;
  }

 private:
  static rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

  rocksdb::SstFileWriter file_;
  rocksdb::Status state_;
};

void add_chunks(const layer& what, table& to) {
  for (const auto* chunk : in_order(what.chunks())) {
    const auto& [id, state] = *chunk;
    if (state.place) {
      to.put(chunk_key(id), encode_place(*state.place));
    } else {
      to.erase(chunk_key(id));
    }
  }
}

void add_entries(const layer& what, table& to) {
  std::string key;
  for (const auto* directory : in_order(what.directories())) {
    key = children_prefix(directory->first.empty() ? "/" : directory->first);
    const auto prefix = key.size();
    for (const auto* child : in_order(directory->second)) {
      key.resize(prefix);
      key.append(child->name());
      if (const auto value = child->value()) {
        to.put(key, *value);
      } else {
        to.erase(key);
      }
    }
  }
}

void add_volumes(const layer& what, table& to) {
  for (const auto& [volume, bytes] : what.live_bytes) {
    if (bytes > 0) {
      to.put(volume_key(volume), encode_live_bytes(bytes));
    } else {
      to.erase(volume_key(volume));
    }
  }
}

std::string problem_of(const rocksdb::Status& s) {
  if (s.IsNoSpace()) return std::string{no_room};
  // RocksDB keeps no number of such errors.
  for (const auto code : {std::errc::too_many_files_open, std::errc::too_many_files_open_in_system})
    if (s.IsIOError() && s.ToString().ends_with(std::make_error_code(code).message())) return std::string{no_files};
  return s.ok() ? std::string{} : "cannot write the index: " + s.ToString();
}

/// What may pass without a new process.
bool may_pass(std::string_view problem) { return problem == no_room || problem == no_files; }

}  // namespace

/// A table file that RocksDB takes as a whole: nothing waits in memory of RocksDB, and its state is always the one at its
/// replay position. Errors: a text.
std::string index::write(const layer& what) {
  // Not written over: a crash may have left a second name of a file that RocksDB took.
  if (auto problem = remove_table(); !problem.empty()) return problem;
  auto problem = write_table(what);
  if (problem.empty()) {
    hooks_.at("checkpoint.written");
    hooks_.before_taking();
    rocksdb::IngestExternalFileOptions how;
    how.move_files = true;
    how.write_global_seqno = false;
    problem = problem_of(db_->IngestExternalFile({table_path_}, how));
  }
  if (problem.empty())
    keep_up();
  else
    remove_table();  // a full disk needs its room
  return problem;
}

std::string index::remove_table() {
  std::error_code error;
  std::filesystem::remove(table_path_, error);
  return error ? "cannot remove " + table_path_ + ": " + error.message() : std::string{};
}

std::string index::write_table(const layer& what) {
  table file{db_->GetOptions()};
  file.open(table_path_);
  add_chunks(what, file);
  add_entries(what, file);
  file.put(replay_key, encode_position(what.next));
  add_volumes(what, file);
  return problem_of(file.finish());
}

/// RocksDB takes files faster than it merges them, and each of too many makes reads slower: then this thread merges them
/// into the next level, which takes as long as that level is large, and the next checkpoint waits for it. A merge that
/// fails leaves them as they are, and the checkpoint is on the disk already: the next one tries again.
void index::keep_up() {
  rocksdb::ColumnFamilyMetaData now;
  db_->GetColumnFamilyMetaData(&now);
  if (now.levels.empty() || now.levels.front().files.size() < most_new_files) return;
  std::vector<std::string> names;
  for (const auto& file : now.levels.front().files) names.push_back(file.name);
  rocksdb::CompactionOptions how;
  how.compression = rocksdb::kDisableCompressionOption;  // as the index says
  how.output_file_size_limit = db_->GetOptions().target_file_size_base;
  static_cast<void>(db_->CompactFiles(how, names, 1));  // refused where RocksDB is at them
}

bool index::start_checkpoint() {
  {
    const std::lock_guard lock{checkpoint_mutex_};
    if (handed_over_ || is_broken_) return false;
    const std::unique_lock layers{layers_mutex_};
    if (active_->change == 0) return true;  // nothing changed since the last one
    frozen_ = std::exchange(active_, std::make_shared<layer>());
    handed_over_ = frozen_;
  }
  checkpoint_changed_.notify_all();
  return true;
}

bool index::has_checkpoint_under_way() {
  const std::lock_guard lock{checkpoint_mutex_};
  return handed_over_ != nullptr;
}

std::string index::wait_for_checkpoint() {
  std::unique_lock lock{checkpoint_mutex_};
  checkpoint_changed_.wait(lock, [&] { return !handed_over_ || lacks_room_; });
  return lacks_room_ ? std::string{no_room} : error_;
}

/// Once RocksDB met a full disk, or could not open a file, it takes nothing until it is told to look again. False: the
/// index is closed.
bool index::look_for_room() {
  std::unique_lock lock{checkpoint_mutex_};
  lacks_room_ = true;
  checkpoint_changed_.notify_all();
  if (checkpoint_changed_.wait_for(lock, between_tries, [&] { return stopping_; })) return false;
  lock.unlock();
  db_->Resume().PermitUncheckedError();  // the next write says whether it helped
  return true;
}

std::string index::flush() {
  if (auto error = wait_for_checkpoint(); !error.empty()) return error;
  start_checkpoint();
  return wait_for_checkpoint();
}

void index::run_checkpoints() {
  std::unique_lock lock{checkpoint_mutex_};
  while (true) {
    checkpoint_changed_.wait(lock, [&] { return stopping_ || handed_over_; });
    if (stopping_) return;
    auto work = handed_over_;
    lock.unlock();
    hooks_.at("checkpoint.begun");
    const auto began = std::chrono::steady_clock::now();
    auto error = write(*work);
    if (may_pass(error)) std::fprintf(stderr, "tidegate: the index waits: %s\n", error.c_str());
    while (may_pass(error)) {
      if (!look_for_room()) return;
      error = write(*work);
    }
    if (error.empty()) {
      durable_volume_ = work->next.volume;
      durable_change_ = work->change;
      const std::unique_lock layers{layers_mutex_};
      frozen_.reset();
    }
    counted.checkpoint_time.observe(ns_since(began));
    hooks_.at("checkpoint.done");
    lock.lock();
    handed_over_.reset();
    lacks_room_ = false;
    is_broken_ = !error.empty();
    error_ = std::move(error);
    checkpoint_changed_.notify_all();
    lock.unlock();
    work.reset();  // the memory of many entries goes without a mutex
    lock.lock();
  }
}

}  // namespace tidegate::smq::embedded
