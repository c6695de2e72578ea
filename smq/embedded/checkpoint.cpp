#include "smq/counters.hpp"
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/index.hpp"
#include "smq/embedded/index_codec.hpp"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstdio>

/// Writing a layer into RocksDB, on a thread of its own.
namespace tidegate::smq::embedded {

namespace {

// As volumes say it.
constexpr std::string_view no_room = "disk full";
constexpr std::chrono::milliseconds between_tries{1000};

/// Pointers to the elements of a map in the order of their keys: RocksDB's memory is a sorted list.
template <class Map>
std::vector<const typename Map::value_type*> in_order(const Map& map) {
  std::vector<const typename Map::value_type*> all;
  all.reserve(map.size());
  for (const auto& element : map) all.push_back(&element);
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return all;
}

void add_entries(const layer& what, rocksdb::WriteBatch& batch) {
  std::string key;
  for (const auto* directory : in_order(what.directories())) {
    key = children_prefix(directory->first.empty() ? "/" : directory->first);
    const auto prefix = key.size();
    for (const auto* child : in_order(directory->second)) {
      key.resize(prefix);
      key.append(child->first);
      if (child->second) {
        batch.Put(key, *child->second);
      } else {
        batch.Delete(key);
      }
    }
  }
}

}  // namespace

/// One batch, so that the state in RocksDB is always the one at its replay position. Errors: a text.
std::string index::write(const layer& what) {
  rocksdb::WriteBatch batch;
  add_entries(what, batch);
  for (const auto& [id, state] : what.chunks()) {
    if (state.place) {
      batch.Put(chunk_key(id), encode_place(*state.place));
    } else {
      batch.Delete(chunk_key(id));
    }
  }
  for (const auto& [volume, bytes] : what.live_bytes) {
    if (bytes > 0) {
      batch.Put(volume_key(volume), encode_live_bytes(bytes));
    } else {
      batch.Delete(volume_key(volume));
    }
  }
  batch.Put(rocksdb::Slice{replay_key.data(), replay_key.size()}, encode_position(what.next));
  rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  const auto s = db_->Write(without_log, &batch);
  if (s.IsNoSpace()) return std::string{no_room};
  return s.ok() ? std::string{} : "cannot write the index: " + s.ToString();
}

bool index::start_checkpoint() {
  {
    const std::lock_guard lock{checkpoint_mutex_};
    if (handed_over_ || is_broken_) return false;
    const std::unique_lock layers{layers_mutex_};
    if (active_->change == 0) {  // nothing changed since the last one
      if (durable_change() == latest_change_) return true;
      active_->next = replay_from_;  // but RocksDB could not write that down
      active_->change = latest_change_;
    }
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

/// Once RocksDB met a full disk it takes nothing, until it is told to look again. False: the index is closed.
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
  if (auto error = wait_for_checkpoint(); !error.empty()) return error;
  return durable_change() == latest_change() ? std::string{} : "the index could not be made durable";
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
    while (error == no_room) {
      if (!look_for_room()) return;
      error = write(*work);
    }
    if (error.empty()) {
      hooks_.at("checkpoint.written");
      rocksdb::FlushOptions how;
      how.allow_write_stall = true;
      if (const auto s = db_->Flush(how); s.ok()) {
        durable_volume_ = work->next.volume;
        durable_change_ = work->change;
      } else {
        // Still readable, and the volumes have it: a later checkpoint tries again.
        std::fprintf(stderr, "tidegate: cannot flush the index: %s\n", s.ToString().c_str());
      }
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
