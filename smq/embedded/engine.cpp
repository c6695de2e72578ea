#include "smq/embedded/engine.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/embedded/binary.hpp"
#include "smq/embedded/disk_reads.hpp"
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/impl.hpp"
#include "smq/entry_path.hpp"

#include <unistd.h>

namespace tidegate::smq::embedded {

namespace {

using clock = std::chrono::steady_clock;

outcome refused(std::string reason) { return {status::refused, std::move(reason), 0}; }

result<entry> to_entry(const std::string& path, stored_value found) {
  if (!found.is_ok()) return {std::move(found.what), {}};
  auto decoded = decode_entry(path, found.value);
  if (!decoded) return {unreadable("entry " + path, found.value, entry_version, status::unknown), {}};
  return {{}, std::move(*decoded)};
}

}  // namespace

engine::impl::impl(options wanted) : settings(std::move(wanted)) {}

engine::impl::~impl() {
  if (disk) disk->finish();      // its answers may ask for more
  if (cleaner) cleaner->stop();  // the writer still answers it, and may ask it
  if (writer.joinable()) {
    {
      const std::lock_guard lock{queue_mutex};
      stopping = true;
    }
    queue_changed.notify_all();
    writer.join();
    if (!failed) {
      entries->flush();
      files->cut_zeros();  // a start would do it, too
    }
  }
  entries.reset();
  if (lock_fd >= 0) ::close(lock_fd);
}

void engine::impl::enqueue(task one) {
  {
    const std::lock_guard lock{queue_mutex};
    queue.push_back(std::move(one));
  }
  queue_changed.notify_one();
}

bool engine::impl::waits_for_a_name(const chunk_id& id) const {
  const std::lock_guard lock{chunks_mutex};
  return pending.contains(id);
}

/// Called with chunks_mutex. A chunk whose owner gave up must not stay in memory for ever.
void engine::impl::forget_old_chunks(time_point now) {
  if (now < next_sweep) return;
  next_sweep = now + settings.unnamed_lifetime / 16;
  for (auto it = pending.begin(); it != pending.end();) {
    const auto& chunk = *it->second;
    if (chunk.in_window || now - chunk.put_at < settings.unnamed_lifetime) {
      ++it;
    } else {
      pending_bytes -= chunk.length;
      it = pending.erase(it);
    }
  }
}

open_result open(options settings) {
  auto parts = std::make_unique<engine::impl>(std::move(settings));
  auto error = parts->start();
  if (!error.empty()) return {nullptr, std::move(error)};
  return {std::make_unique<engine>(std::move(parts)), {}};
}

engine::engine(std::unique_ptr<impl> parts) : impl_(std::move(parts)) {}

engine::~engine() = default;

void engine::put(std::vector<shared_bytes> parts, time_point, completion<result<chunk_id>> done) {
  auto chunk = std::make_shared<pending_chunk>();
  for (const auto& part : parts) {
    chunk->length += part.size();
    chunk->crc = crc32c(part.view(), chunk->crc);
  }
  if (chunk->length == 0) return done({refused("empty chunk"), {}});
  chunk->parts = std::move(parts);
  chunk->put_at = clock::now();
  chunk_id id;
  {
    const std::lock_guard lock{impl_->chunks_mutex};
    impl_->forget_old_chunks(chunk->put_at);
    if (impl_->pending_bytes + chunk->length <= impl_->settings.max_unnamed_bytes) {
      put_number(id, impl_->open_seq);
      put_number(id, impl_->open_index++);
      impl_->pending_bytes += chunk->length;
      impl_->pending.emplace(id, std::move(chunk));
    }
  }
  if (id.empty()) return done({refused("too many bytes in chunks that no transaction named yet"), {}});
  done({{}, std::move(id)});
}

void engine::release(const chunk_id& id) {
  const std::lock_guard lock{impl_->chunks_mutex};
  const auto found = impl_->pending.find(id);
  if (found == impl_->pending.end() || found->second->in_window) return;
  impl_->pending_bytes -= found->second->length;
  impl_->pending.erase(found);
}

void engine::get(const std::string& path, time_point, completion<result<entry>> done) {
  if (auto problem = path_problem(path); !problem.empty()) return done({refused(std::move(problem)), {}});
  done(to_entry(path, impl_->entries->find(path)));
}

void engine::get_many(std::vector<std::string> paths, time_point, completion<result<std::vector<result<entry>>>> done) {
  result<std::vector<result<entry>>> all;
  for (const auto& path : paths) {
    if (auto problem = path_problem(path); !problem.empty()) return done({refused(std::move(problem)), {}});
  }
  auto found = impl_->entries->find_many(paths);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    auto one = to_entry(paths[i], std::move(found[i]));
    if (one.what.code == status::unknown && !one.what.is_damaged) return done({one.what, {}});
    all.value.push_back(std::move(one));
  }
  done(std::move(all));
}

void engine::list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
                  time_point, completion<result<list_page>> done) {
  if (directory != "/") {
    if (auto problem = path_problem(directory); !problem.empty()) return done({refused(std::move(problem)), {}});
  }
  done(impl_->entries->list(directory, after, limit, with_chunks));
}

void engine::transact(guard condition, mutation_list mutations, time_point deadline, completion<outcome> done) {
  if (auto problem = path_problem(condition.path); !problem.empty()) return done(refused(std::move(problem)));
  task one;
  if (auto problem = prepare(std::move(mutations), impl_->settings.max_entry_bytes, one.prepared); !problem.empty())
    return done(refused(std::move(problem)));
  one.bytes = one.prepared.values->size();
  for (const auto& m : one.prepared.mutations) one.bytes += m.what.path.size();
  one.condition = std::move(condition);
  one.deadline = deadline;
  one.done = std::move(done);
  impl_->enqueue(std::move(one));
}

void engine::remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) {
  if (auto problem = path_problem(directory); !problem.empty()) return done(refused(std::move(problem)));
  task one;
  one.tree = directory;
  one.deadline = deadline;
  one.done = std::move(done);
  impl_->enqueue(std::move(one));
}

const recovery_report& engine::recovered() const { return impl_->report; }

std::uint64_t engine::free_bytes() const { return impl_->files->free_bytes(); }

usage engine::measure() const {
  usage now;
  for (const auto& [volume, bytes] : impl_->files->sizes()) {
    ++now.volumes;
    now.volume_bytes += bytes;
  }
  now.windows = impl_->windows;
  now.live_bytes = impl_->live_total;
  const std::lock_guard lock{impl_->chunks_mutex};
  now.unnamed_bytes = impl_->pending_bytes;
  return now;
}

}  // namespace tidegate::smq::embedded
