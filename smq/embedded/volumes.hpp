#pragma once

#include "smq/embedded/engine.hpp"

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

/// The volume files: `volumes/<10 digits>`, numbered from 1 without gaps at the end that is written.
namespace tidegate::smq::embedded {

/// An open file; the last holder closes it.
class file {
 public:
  explicit file(int fd) : fd_(fd) {}
  ~file();
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

/// Errors are texts ("" = none). Thread: reads from any thread, everything else from one writer.
class volumes {
 public:
  /// `reads_only`: nothing is created or written, by any call.
  volumes(std::string directory, hooks faults, bool reads_only = false);

  /// Creates the directory when it is missing (a reader takes it for empty) and finds the files in it.
  std::string scan();
  [[nodiscard]] std::vector<std::uint32_t> numbers() const;
  /// Of every volume, in bytes; of the current one up to its last part.
  [[nodiscard]] std::map<std::uint32_t, std::uint64_t> sizes() const;
  [[nodiscard]] bool has(std::uint32_t number) const;
  [[nodiscard]] std::string path_of(std::uint32_t number) const;

  /// The size of a volume in bytes. Errors: nullopt when it cannot be opened.
  std::optional<std::uint64_t> size_of(std::uint32_t number);

  /// The first failure of size_of() or read() since the last call: who searches must not take it for "nothing is there".
  std::string take_read_problem();

  /// Makes `number` the volume that append() writes, from `position`; creates it, and syncs the directory, if needed.
  std::string start(std::uint32_t number, std::uint64_t position);

  /// Writes all parts at the end of the current volume. Where the file has to grow for that, `zeros_ahead` bytes of zeros
  /// follow: later parts overwrite them, and their sync then changes neither the size of the file nor where its blocks
  /// are. After an error the volume has its old end again, on the disk, too, without zeros behind it.
  std::string append(std::vector<iovec> parts, std::uint64_t zeros_ahead);
  /// Cuts the zeros behind the last part that was written.
  std::string cut_zeros();
  [[nodiscard]] bool has_zeros() const { return zeros_until_ > position_; }
  [[nodiscard]] std::uint32_t current() const { return current_; }
  [[nodiscard]] std::uint64_t position() const { return position_; }

  /// fdatasync of the current volume. Thread: any. Errors: the process must end.
  std::string sync();
  /// Lets the kernel begin to write what is dirty, without waiting.
  void start_write_back();

  /// Fills `into` from its begin on, as far as the page cache reaches; the count of bytes. Never waits for the disk: 0 also
  /// where the file system cannot say, or cannot be read.
  std::size_t read_cached(std::uint32_t number, std::uint64_t position, std::span<std::byte> into);
  /// Lets the kernel bring these bytes into the page cache.
  void will_read(std::uint32_t number, std::uint64_t position, std::uint64_t bytes);
  /// Fills `into` from `position`. Errors: also when the file ends before.
  std::string read(std::uint32_t number, std::uint64_t position, std::span<std::byte> into);

  /// Writes [from, to) of a volume again and syncs it: after a crash a page may look clean without being on disk.
  std::string rewrite(std::uint32_t number, std::uint64_t from, std::uint64_t to);
  std::string truncate(std::uint32_t number, std::uint64_t size);
  std::string remove(std::uint32_t number);

  /// Bytes that a normal user may still write on this disk. Thread: any.
  [[nodiscard]] std::uint64_t free_bytes() const;

 private:
  std::shared_ptr<file> open_file(std::uint32_t number, std::string& error);
  std::string create_file(std::uint32_t number);
  std::string note(std::string read_problem);

  static constexpr std::size_t max_open_files = 64;
  const std::string directory_;
  const hooks faults_;
  const bool reads_only_;
  std::uint32_t current_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t zeros_until_ = 0;  // size of the current file, where that is more
  std::shared_ptr<file> current_file_;  // changes under mutex_
  mutable std::mutex mutex_;            // guards what follows
  std::string read_problem_;
  std::map<std::uint32_t, std::uint64_t> known_;  // size in bytes
  std::list<std::pair<std::uint32_t, std::shared_ptr<file>>> open_;  // most recently used first
};

/// fsync of a directory. Errors: a text.
std::string sync_directory_at(const std::string& path);

/// "<what>: <strerror>"; "disk full" when errno says so.
std::string errno_text(const std::string& what, int error);

}  // namespace tidegate::smq::embedded
