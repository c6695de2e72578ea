#include "smq/embedded/vacuum.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/counters.hpp"

#include <cstdio>
#include <future>
#include <utility>

namespace tidegate::smq::embedded {

vacuum::vacuum(surroundings all) : all_(std::move(all)), thread_([this] { run(); }) {}

void vacuum::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool vacuum::begin(std::uint32_t volume) {
  {
    const std::lock_guard lock{mutex_};
    if (volume_) return false;
    volume_ = volume;
  }
  changed_.notify_all();
  return true;
}

void vacuum::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || volume_; });
    if (stopping_) return;
    const auto volume = *volume_;
    lock.unlock();
    const auto how = copy(volume);
    batch_.clear();
    batched_ = 0;
    lock.lock();
    volume_.reset();
    if (stopping_) return;
    lock.unlock();
    all_.ended(volume, how);
    lock.lock();
  }
}

vacuum::ending vacuum::damage(const window_place& at, const std::string& what) const {
  std::fprintf(stderr, "tidegate: %s cannot be vacuumed: at position %llu: %s\n", all_.files.path_of(at.volume).c_str(),
               static_cast<unsigned long long>(at.position), what.c_str());
  return ending::damaged;
}

vacuum::ending vacuum::copy(std::uint32_t volume) {
  met_damage_ = false;
  const auto size = all_.files.size_of(volume);
  window_place at{volume, 0, {}};
  if (!size) return damage(at, "it cannot be opened");
  while (at.position < *size) {
    const auto header = read_header(all_.files, volume, at.position, *size);
    if (!header || header->store != all_.store)
      return damage(at, is_newer_window(all_.files, all_.store, at) ? written_by_newer : "no window begins there");
    at.header = *header;
    if (header->chunk_bytes > 0) {
      if (const auto early = copy_window(at)) return *early;
    }
    at.position += header->window_bytes();
  }
  if (const auto early = write_batch()) return *early;
  return met_damage_ ? ending::damaged : ending::copied;
}

/// Puts what is alive in the window into batches. Nullopt: the copy goes on.
std::optional<vacuum::ending> vacuum::copy_window(const window_place& at) {
  section_buffer section;
  if (const auto error = read_section(all_.files, at, section); !error.empty()) return damage(at, error);
  chunk_place here{at.volume, at.position + at.header.header_bytes + at.header.mutation_bytes, 0, 0};
  for (const auto& row : section.what.chunks) {
    here.length = row.length;
    here.crc = row.crc;
    const auto known = all_.entries.place_of(row.id);
    // Nobody knows whether it is alive. Not for each chunk, or a broken index would be a line in the log for every one.
    if (!known.is_ok() && known.what.code != status::absent)
      return damage(at, "the index cannot be read: " + known.what.reason);
    if (known.is_ok() && known.value == here) {
      byte_buffer bytes(row.length);
      auto error = all_.files.read(here.volume, here.position, bytes);
      if (error.empty() && crc32c(bytes) != row.crc) error = "a chunk does not match its CRC";
      if (!error.empty()) {
        met_damage_ = true;  // the others need not stay with it
        damage(at, error);
      } else {
        batched_ += row.length;
        batch_.push_back({row.id, here, shared_bytes{std::move(bytes)}});
      }
    }
    here.position += row.length;
    if (batched_ < all_.batch_bytes) continue;
    if (const auto early = write_batch()) return early;
  }
  return std::nullopt;
}

/// Waits until the batch is durable. Nullopt: the copy goes on.
std::optional<vacuum::ending> vacuum::write_batch() {
  if (batch_.empty()) return std::nullopt;
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) return ending::refused;
  }
  all_.step("vacuum.read");
  const auto answer = std::make_shared<std::promise<outcome>>();
  all_.write(std::exchange(batch_, {}), [answer](outcome what) { answer->set_value(std::move(what)); });
  if (!answer->get_future().get().is_ok()) return ending::refused;
  counted.vacuum_copied_bytes.add(std::exchange(batched_, 0));
  all_.step("vacuum.copied");
  return std::nullopt;
}

}  // namespace tidegate::smq::embedded
