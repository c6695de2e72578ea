#include "smq/embedded/volumes.hpp"

#include "smq/counters.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>

namespace tidegate::smq::embedded {

namespace {

constexpr std::size_t name_digits = 10;
constexpr std::size_t max_parts_per_call = 1024;  // Linux' IOV_MAX
constexpr std::size_t zero_block_bytes = 64U << 10U;

ssize_t write_parts(const hooks& faults, int fd, const iovec* parts, int count, off_t position) {
  return faults.write ? faults.write(fd, parts, count, position) : ::pwritev(fd, parts, count, position);
}

ssize_t read_cached_part(const hooks& faults, int fd, std::span<std::byte> into, off_t position) {
  if (faults.read_cached) return faults.read_cached(fd, into, position);
  const iovec part{into.data(), into.size()};
  return ::preadv2(fd, &part, 1, position, RWF_NOWAIT);
}

ssize_t read_part(const hooks& faults, int fd, std::span<std::byte> into, off_t position) {
  return faults.read ? faults.read(fd, into, position) : ::pread(fd, into.data(), into.size(), position);
}

/// Drops the first `written` bytes of `parts[next...]`; the new first part.
std::size_t advance(std::vector<iovec>& parts, std::size_t next, std::size_t written) {
  while (next < parts.size() && written >= parts[next].iov_len) written -= parts[next++].iov_len;
  if (written > 0) {
    parts[next].iov_base = static_cast<char*>(parts[next].iov_base) + written;
    parts[next].iov_len -= written;
  }
  return next;
}

void add_zeros(std::vector<iovec>& parts, std::uint64_t bytes) {
  static std::array<char, zero_block_bytes> zeros{};  // never written; iovec has no const
  for (; bytes > 0; bytes -= parts.back().iov_len)
    parts.push_back({zeros.data(), std::min<std::uint64_t>(bytes, zeros.size())});
}

std::string sync_fd(const hooks& faults, int fd) {
  const int failed = faults.sync ? faults.sync(fd) : ::fdatasync(fd);
  return failed == 0 ? std::string{} : errno_text("cannot sync a volume", errno);
}

}  // namespace

file::~file() { ::close(fd_); }

std::string errno_text(const std::string& what, int error) {
  if (error == ENOSPC || error == EDQUOT) return "disk full";
  return what + ": " + std::generic_category().message(error);
}

std::string sync_directory_at(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno_text("cannot open " + path, errno);
  const file holder{fd};
  return ::fsync(fd) == 0 ? std::string{} : errno_text("cannot sync " + path, errno);
}

volumes::volumes(std::string directory, hooks faults, bool reads_only)
  : directory_(std::move(directory)), faults_(std::move(faults)), reads_only_(reads_only) {}

std::string volumes::scan() {
  std::error_code error;
  if (!reads_only_) std::filesystem::create_directories(directory_, error);
  if (error) return "cannot create " + directory_ + ": " + error.message();
  if (reads_only_ && !std::filesystem::exists(directory_, error) && !error) return {};
  std::error_code gone;
  for (const auto& item : std::filesystem::directory_iterator(directory_, error)) {
    const auto name = item.path().filename().string();
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size() || name.size() != name_digits) continue;
    const auto bytes = item.file_size(gone);
    known_.emplace(number, bytes);
    counted.volumes.add();
    counted.volume_bytes.add(static_cast<std::int64_t>(bytes));
  }
  return error ? "cannot read " + directory_ + ": " + error.message() : std::string{};
}

std::vector<std::uint32_t> volumes::numbers() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::uint32_t> all;
  for (const auto& [number, bytes] : known_) all.push_back(number);
  return all;
}

std::map<std::uint32_t, std::uint64_t> volumes::sizes() const {
  const std::lock_guard lock{mutex_};
  return known_;
}

bool volumes::has(std::uint32_t number) const {
  const std::lock_guard lock{mutex_};
  return known_.contains(number);
}

std::string volumes::path_of(std::uint32_t number) const {
  auto digits = std::to_string(number);
  return directory_ + "/" + std::string(name_digits - std::min(name_digits, digits.size()), '0') + digits;
}

std::shared_ptr<file> volumes::open_file(std::uint32_t number, std::string& error) {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& o) { return o.first == number; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
    return open_.front().second;
  }
  const auto path = path_of(number);
  const int fd = faults_.open ? faults_.open(path) : ::open(path.c_str(), (reads_only_ ? O_RDONLY : O_RDWR) | O_CLOEXEC);
  if (fd < 0) {
    error = errno_text("cannot open " + path, errno);
    return nullptr;
  }
  open_.emplace_front(number, std::make_shared<file>(fd));
  if (open_.size() > max_open_files) open_.pop_back();
  return open_.front().second;
}

std::optional<std::uint64_t> volumes::size_of(std::uint32_t number) {
  std::string error;
  const auto opened = open_file(number, error);
  struct stat facts {};
  if (opened && ::fstat(opened->fd(), &facts) != 0) error = errno_text("cannot look at " + path_of(number), errno);
  if (!note(std::move(error)).empty()) return std::nullopt;
  return static_cast<std::uint64_t>(facts.st_size);
}

/// The same text, for take_read_problem() too.
std::string volumes::note(std::string read_problem) {
  if (read_problem.empty()) return read_problem;
  const std::lock_guard lock{mutex_};
  if (read_problem_.empty()) read_problem_ = read_problem;
  return read_problem;
}

std::string volumes::take_read_problem() {
  const std::lock_guard lock{mutex_};
  return std::exchange(read_problem_, {});
}

std::string volumes::create_file(std::uint32_t number) {
  const int fd = ::open(path_of(number).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return errno_text("cannot create " + path_of(number), errno);
  ::close(fd);
  return sync_directory_at(directory_);
}

std::string volumes::start(std::uint32_t number, std::uint64_t position) {
  const bool is_new = !has(number);
  std::string error = is_new ? create_file(number) : std::string{};
  auto opened = error.empty() ? open_file(number, error) : nullptr;
  if (!opened) {
    // One that is there says that the volume before it is full: a snapshot would link that one.
    if (is_new) ::unlink(path_of(number).c_str());
    return error;
  }
  const std::lock_guard lock{mutex_};
  if (known_.try_emplace(number, 0).second) counted.volumes.add();
  current_ = number;
  position_ = position;
  zeros_until_ = 0;
  current_file_ = std::move(opened);
  return {};
}

std::string volumes::append(std::vector<iovec> parts, std::uint64_t zeros_ahead) {
  auto end = position_;
  for (const auto& part : parts) end += part.iov_len;
  if (end > zeros_until_) {
    add_zeros(parts, zeros_ahead);
    zeros_until_ = end + zeros_ahead;
  }
  auto at = position_;
  for (std::size_t next = 0; next < parts.size();) {
    const auto count = static_cast<int>(std::min(parts.size() - next, max_parts_per_call));
    const auto written = write_parts(faults_, current_file_->fd(), &parts[next], count, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = written < 0 ? errno : ENOSPC;
      zeros_until_ = 0;
      // On the disk, too: "refused" must not become a window that the next start replays.
      auto undone = truncate(current_, position_);
      if (undone.empty()) undone = sync_fd(faults_, current_file_->fd());
      if (!undone.empty()) return "cannot undo an append: " + undone;
      return errno_text("cannot write", error);
    }
    at += static_cast<std::uint64_t>(written);
    next = advance(parts, next, static_cast<std::size_t>(written));
  }
  counted.volume_bytes.add(static_cast<std::int64_t>(end - position_));
  position_ = end;
  const std::lock_guard lock{mutex_};
  known_[current_] = end;
  return {};
}

std::string volumes::cut_zeros() {
  if (!has_zeros()) return {};
  auto error = truncate(current_, position_);
  if (error.empty()) zeros_until_ = 0;
  return error;
}

std::string volumes::sync() {
  std::shared_ptr<file> now;
  {
    const std::lock_guard lock{mutex_};
    now = current_file_;
  }
  if (!now) return {};
  const auto began = std::chrono::steady_clock::now();
  auto error = sync_fd(faults_, now->fd());
  counted.sync_time.observe(ns_since(began));
  return error;
}

void volumes::start_write_back() { ::sync_file_range(current_file_->fd(), 0, 0, SYNC_FILE_RANGE_WRITE); }

std::size_t volumes::read_cached(std::uint32_t number, std::uint64_t position, std::span<std::byte> into) {
  std::string error;
  const auto opened = open_file(number, error);
  std::size_t done = 0;
  while (opened && done < into.size()) {
    const auto got = read_cached_part(faults_, opened->fd(), into.subspan(done), static_cast<off_t>(position + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void volumes::will_read(std::uint32_t number, std::uint64_t position, std::uint64_t bytes) {
  std::string error;
  if (const auto opened = open_file(number, error))
    ::posix_fadvise(opened->fd(), static_cast<off_t>(position), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
}

std::string volumes::read(std::uint32_t number, std::uint64_t position, std::span<std::byte> into) {
  std::string error;
  const auto opened = open_file(number, error);
  if (!opened) return note(std::move(error));
  while (!into.empty()) {
    const auto got = read_part(faults_, opened->fd(), into, static_cast<off_t>(position));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return note(errno_text("cannot read " + path_of(number) + " at position " + std::to_string(position), errno));
    if (got == 0) return note(path_of(number) + " ends too early");
    position += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

std::string volumes::rewrite(std::uint32_t number, std::uint64_t from, std::uint64_t to) {
  std::string error;
  const auto opened = open_file(number, error);
  if (!opened) return error;
  byte_buffer block(1U << 20U);
  while (from < to) {
    const auto part = std::span{block}.first(std::min<std::uint64_t>(block.size(), to - from));
    if (error = read(number, from, part); !error.empty()) return error;
    const auto written = ::pwrite(opened->fd(), part.data(), part.size(), static_cast<off_t>(from));
    if (written <= 0) return errno_text("cannot write " + path_of(number), errno);
    from += static_cast<std::uint64_t>(written);
  }
  return sync_fd(faults_, opened->fd());
}

std::string volumes::truncate(std::uint32_t number, std::uint64_t size) {
  std::string error;
  const auto opened = open_file(number, error);
  if (!opened) return error;
  const auto end = static_cast<off_t>(size);
  const int failed = faults_.truncate ? faults_.truncate(opened->fd(), end) : ::ftruncate(opened->fd(), end);
  if (failed != 0) return errno_text("cannot truncate " + path_of(number), errno);
  const std::lock_guard lock{mutex_};
  known_[number] = size;
  return {};
}

std::string volumes::remove(std::uint32_t number) {
  if (::unlink(path_of(number).c_str()) != 0) return errno_text("cannot delete " + path_of(number), errno);
  // After that, or a reader could open it once more and keep its bytes on the disk.
  const std::lock_guard lock{mutex_};
  open_.remove_if([&](const auto& o) { return o.first == number; });
  counted.volumes.add(-1);
  counted.volume_bytes.add(-static_cast<std::int64_t>(known_[number]));
  known_.erase(number);
  return {};
}

std::uint64_t volumes::free_bytes() const {
  if (faults_.free_bytes) return faults_.free_bytes();
  std::shared_ptr<file> now;
  {
    const std::lock_guard lock{mutex_};
    now = current_file_;
  }
  struct statvfs facts {};
  const auto failed = now ? ::fstatvfs(now->fd(), &facts) : ::statvfs(directory_.c_str(), &facts);
  if (failed != 0) return ~std::uint64_t{0};
  return facts.f_bavail * facts.f_frsize;
}

}  // namespace tidegate::smq::embedded
