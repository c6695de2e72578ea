#include "smq/chunk_cache.hpp"

#include "smq/counters.hpp"

#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace tidegate::smq {

namespace {

/// A small part must not keep a large chunk alive when the cache has let go of it.
shared_bytes part_of(const shared_bytes& chunk, std::uint64_t position, std::uint64_t count) {
  const auto part = chunk.slice(position, count);
  return count < chunk.size() / 2 ? shared_bytes::copy_of(part.view()) : part;
}

}  // namespace

/// A copy: the parts of a small chunk may be slices of large buffers.
shared_bytes joined(const std::vector<shared_bytes>& parts, std::size_t size) {
  byte_buffer all;
  all.reserve(size);
  for (const auto& part : parts) all.insert(all.end(), part.view().begin(), part.view().end());
  return shared_bytes(std::move(all));
}

/// Callbacks of the inner port hold it, so that it lives until the last one has come.
struct chunk_cache::shelf : std::enable_shared_from_this<shelf> {
  struct part {
    std::uint64_t position = 0;
    std::uint64_t count = 0;
    time_point deadline;
    completion<result<shared_bytes>> done;
  };

  struct chunk {
    std::uint64_t size = 0;
    shared_bytes bytes;                       // empty: on its way
    std::vector<part> waiting;                // for it
    std::list<chunk_id>::iterator used;       // in `order`; only when it is here
    [[nodiscard]] bool is_here() const { return !bytes.empty(); }
  };

  chunk_port& inner;
  const chunk_cache_options options;
  mutable std::mutex mutex;  // guards everything below
  std::unordered_map<chunk_id, chunk> chunks;
  std::list<chunk_id> order;  // the most recently used first
  std::size_t bytes = 0;
  std::size_t loading = 0;

  shelf(chunk_port& port, const chunk_cache_options& wanted) : inner(port), options(wanted) {}
  ~shelf() { hold(-static_cast<std::int64_t>(bytes)); }
  shelf(const shelf&) = delete;
  shelf& operator=(const shelf&) = delete;

  void hold(std::int64_t more) {
    bytes += static_cast<std::size_t>(more);
    counted.read_ahead_held.add(more);
  }

  void hold_chunk(std::uint64_t size) { hold(static_cast<std::int64_t>(size + options.overhead_bytes)); }
  void let_go(const chunk& c) { hold(-static_cast<std::int64_t>(c.size + options.overhead_bytes)); }

  bool make_room(std::uint64_t size);
  void keep(const chunk_id& id, const shared_bytes& written);
  void load(const chunk_id& id, std::uint64_t size);
  void loaded(const chunk_id& id, const result<shared_bytes>& answer);
};

/// Called with the mutex. False: what is on its way takes all the room.
bool chunk_cache::shelf::make_room(std::uint64_t size) {
  size += options.overhead_bytes;
  while (bytes + size > options.max_bytes && !order.empty()) {
    const auto oldest = chunks.find(order.back());
    let_go(oldest->second);
    chunks.erase(oldest);
    order.pop_back();
  }
  return bytes + size <= options.max_bytes;
}

void chunk_cache::shelf::keep(const chunk_id& id, const shared_bytes& written) {
  const std::lock_guard lock{mutex};
  if (chunks.contains(id) || !make_room(written.size())) return;
  hold_chunk(written.size());
  chunks[id] = {written.size(), written, {}, order.insert(order.begin(), id)};
}

void chunk_cache::shelf::load(const chunk_id& id, std::uint64_t size) {
  inner.get(id, 0, size, std::chrono::steady_clock::now() + options.timeout,
            [self = shared_from_this(), id](const result<shared_bytes>& answer) { self->loaded(id, answer); });
}

void chunk_cache::shelf::loaded(const chunk_id& id, const result<shared_bytes>& answer) {
  std::vector<part> waiting;
  {
    const std::lock_guard lock{mutex};
    --loading;
    const auto found = chunks.find(id);
    waiting = std::move(found->second.waiting);
    if (answer.is_ok() && answer.value.size() == found->second.size) {
      found->second.waiting = {};
      found->second.bytes = answer.value;
      counted.read_ahead_bytes.add(answer.value.size());
      found->second.used = order.insert(order.begin(), id);
    } else {
      let_go(found->second);
      chunks.erase(found);
    }
  }
  for (auto& p : waiting) {
    const bool fits = answer.is_ok() && p.position <= answer.value.size() && p.count <= answer.value.size() - p.position;
    if (fits) {
      p.done({{}, part_of(answer.value, p.position, p.count)});
    } else if (answer.is_ok() || answer.what.code == status::refused) {
      // It was about another range, or about too much at once: of this part the engine may say something else.
      inner.get(id, p.position, p.count, p.deadline, std::move(p.done));
    } else {
      p.done({answer.what, {}});
    }
  }
}

chunk_cache::chunk_cache(chunk_port& inner, const chunk_cache_options& options)
  : shelf_(std::make_shared<shelf>(inner, options)) {}

chunk_cache::~chunk_cache() = default;

void chunk_cache::put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) {
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  if (size == 0 || size > shelf_->options.max_kept_bytes || size > shelf_->options.max_bytes)
    return shelf_->inner.put(std::move(parts), deadline, std::move(done));
  auto written = joined(parts, size);
  shelf_->inner.put(std::move(parts), deadline,
                    [shelf = shelf_, written = std::move(written), done = std::move(done)](result<chunk_id> stored) {
                      if (stored.is_ok()) shelf->keep(stored.value, written);
                      done(std::move(stored));
                    });
}

void chunk_cache::get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
                      completion<result<shared_bytes>> done) {
  shared_bytes here;
  {
    const std::lock_guard lock{shelf_->mutex};
    if (const auto found = shelf_->chunks.find(id); found != shelf_->chunks.end()) {
      auto& chunk = found->second;
      counted.read_ahead_hits.add();
      if (!chunk.is_here()) {
        chunk.waiting.push_back({position, count, deadline, std::move(done)});
        return;
      }
      shelf_->order.splice(shelf_->order.begin(), shelf_->order, chunk.used);
      if (position <= chunk.size && count <= chunk.size - position) here = chunk.bytes;
    }
  }
  if (here.empty()) {
    counted.read_ahead_misses.add();
    return shelf_->inner.get(id, position, count, deadline, std::move(done));
  }
  done({{}, part_of(here, position, count)});
}

void chunk_cache::will_read(const chunk_id& id, std::uint64_t size) {
  auto& s = *shelf_;
  if (size == 0 || size > s.options.max_chunk_bytes) return;
  {
    const std::lock_guard lock{s.mutex};
    if (s.chunks.contains(id) || s.loading == s.options.max_loading || !s.make_room(size)) return;
    s.chunks[id].size = size;
    s.hold_chunk(size);
    ++s.loading;
  }
  s.load(id, size);
}

std::size_t chunk_cache::size_bytes() const {
  const std::lock_guard lock{shelf_->mutex};
  return shelf_->bytes;
}

}  // namespace tidegate::smq
