#include "messages/common/crc32c.hpp"
#include "smq/counters.hpp"
#include "smq/embedded/disk_reads.hpp"
#include "smq/embedded/impl.hpp"

#include <new>

/// Reading chunks: from memory, from the page cache, or on a thread that waits for the disk.
namespace tidegate::smq::embedded {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::uint64_t least_ahead_bytes = 64ULL << 10;  // the kernel's own read-ahead covers less
constexpr std::uint64_t most_ahead_bytes = 4ULL << 20;
constexpr std::chrono::seconds ahead_after_disk_read{5};

outcome refused(std::string reason) { return {status::refused, std::move(reason), 0}; }

outcome unknown(std::string reason) { return {status::unknown, std::move(reason), 0}; }

/// Bytes [position, position + count) of consecutive parts; one part is sliced, several are copied.
shared_bytes gather(const std::vector<shared_bytes>& parts, std::uint64_t position, std::uint64_t count) {
  byte_buffer copy;
  for (const auto& part : parts) {
    if (position >= part.size()) {
      position -= part.size();
      continue;
    }
    const auto here = std::min<std::uint64_t>(count, part.size() - position);
    if (copy.empty() && here == count) return part.slice(position, count);
    const auto bytes = part.view().subspan(position, here);
    copy.insert(copy.end(), bytes.begin(), bytes.end());
    position = 0;
    count -= here;
    if (count == 0) break;
  }
  return shared_bytes{std::move(copy)};
}

bool is_inside(std::uint64_t position, std::uint64_t count, std::uint64_t length) {
  return position <= length && count <= length - position;
}

}  // namespace

/// A stored chunk's part, and how much of it has been read. It has no memory while it waits with nothing read.
struct chunk_read {
  chunk_id id;
  chunk_place place;
  std::uint64_t position = 0;  // in the chunk
  std::uint64_t count = 0;
  std::shared_ptr<std::byte[]> bytes;
  std::uint64_t got = 0;

  [[nodiscard]] bool is_whole() const { return got == count; }
  [[nodiscard]] std::uint64_t next_position() const { return place.position + position + got; }
  /// What is to be filled.
  [[nodiscard]] std::span<std::byte> missing() {
    if (!bytes) bytes = std::make_shared_for_overwrite<std::byte[]>(count);
    return {bytes.get() + got, count - got};
  }
  [[nodiscard]] shared_bytes all() const { return {bytes, {bytes.get(), count}}; }
};

std::shared_ptr<const pending_chunk> engine::impl::find_pending(const chunk_id& id) const {
  const std::lock_guard lock{chunks_mutex};
  const auto found = pending.find(id);
  return found == pending.end() ? nullptr : found->second;
}

/// What the page cache has of it.
result<chunk_read> engine::impl::begin_read(const chunk_id& id, std::uint64_t position, std::uint64_t count) {
  const auto place = entries->place_of(id);
  if (!place.is_ok()) return {place.what, {}};
  if (!is_inside(position, count, place.value.length)) return {refused("range ends behind the chunk"), {}};
  chunk_read read{id, place.value, position, count, {}, 0};
  read.got = files->read_cached(read.place.volume, read.next_position(), read.missing());
  return {{}, std::move(read)};
}

/// Waits for the disk when something is missing.
result<shared_bytes> engine::impl::finish_read(chunk_read& read) {
  while (!read.is_whole()) {
    auto error = files->read(read.place.volume, read.next_position(), read.missing());
    if (error.empty()) {
      read.got = read.count;
      break;
    }
    // Its volume may have been deleted since the look-up: then the chunk is gone, or somewhere else.
    const auto again = entries->place_of(read.id);
    if (!again.is_ok()) return {again.what, {}};
    if (again.value == read.place) return {unknown(std::move(error)), {}};
    read.place = again.value;
    read.got = 0;
  }
  auto bytes = read.all();
  if (read.count == read.place.length && crc32c(bytes.view()) != read.place.crc) {
    return {damaged("chunk in volume " + std::to_string(read.place.volume) + " at " +
                      std::to_string(read.place.position),
                    status::unknown),
            {}};
  }
  return {{}, std::move(bytes)};
}

/// On a thread for the disk: the rest of the chunk comes along, for the next read.
result<shared_bytes> engine::impl::read_from_disk(chunk_read& read, time_point deadline) {
  if (settings.faults.before_disk_read) settings.faults.before_disk_read();
  if (deadline < clock::now()) return {unknown("deadline passed before the disk was free"), {}};
  const auto rest = read.place.length - read.position - read.got;
  if (rest >= least_ahead_bytes)
    files->will_read(read.place.volume, read.next_position(), std::min(rest, most_ahead_bytes));
  try {
    return finish_read(read);
  } catch (const std::bad_alloc&) {  // on this thread it would be everybody's
    return {unknown("no memory to read a chunk"), {}};
  }
}

/// True: it was announced already. A chunk is announced with every read before it, and once is enough.
bool engine::impl::announce(const chunk_id& id) {
  const auto hash = std::hash<chunk_id>{}(id);
  return announced[hash % announced.size()].exchange(hash) == hash;
}

/// It is read now: who comes after that may find it gone from the page cache.
void engine::impl::end_announcement(const chunk_id& id) {
  auto hash = std::hash<chunk_id>{}(id);
  announced[hash % announced.size()].compare_exchange_strong(hash, 0);
}

void engine::get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
                 completion<result<shared_bytes>> done) {
  if (const auto chunk = impl_->find_pending(id)) {
    if (!is_inside(position, count, chunk->length)) return done({refused("range ends behind the chunk"), {}});
    return done({{}, gather(chunk->parts, position, count)});
  }
  impl_->end_announcement(id);
  auto begun = impl_->begin_read(id, position, count);
  if (!begun.is_ok()) return done({std::move(begun.what), {}});
  if (begun.value.is_whole()) return done(impl_->finish_read(begun.value));
  if (begun.value.got == 0) begun.value.bytes.reset();  // very many may wait
  counted.disk_reads.add();
  impl_->reads_ahead_until = (clock::now() + ahead_after_disk_read).time_since_epoch().count();
  const auto waits = impl_->disk->run([all = impl_.get(), read = std::move(begun.value), deadline, done]() mutable {
    done(all->read_from_disk(read, deadline));
  });
  if (!waits) done({unknown("too many reads wait for the disk"), {}});
}

/// Worth its price only while readers meet what is not in the page cache.
void engine::will_read(const chunk_id& id, std::uint64_t size) {
  if (size < least_ahead_bytes || clock::now().time_since_epoch().count() > impl_->reads_ahead_until) return;
  if (impl_->announce(id)) return;
  impl_->disk->run_hint([all = impl_.get(), id] {
    if (const auto place = all->entries->place_of(id); place.is_ok())
      all->files->will_read(place.value.volume, place.value.position, std::min(place.value.length, most_ahead_bytes));
  });
}

}  // namespace tidegate::smq::embedded
