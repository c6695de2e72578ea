#include "smq/embedded/disk_reads.hpp"
#include "smq/embedded/impl.hpp"
#include "smq/embedded/store_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <random>

namespace tidegate::smq::embedded {

namespace {

/// With the directories above it that are missing, on the disk.
std::string make_directory(const std::filesystem::path& wanted) {
  std::error_code error;
  if (std::filesystem::is_directory(wanted, error)) return {};
  const auto parent = std::filesystem::absolute(wanted, error).parent_path();
  if (auto problem = make_directory(parent); !problem.empty()) return problem;
  std::filesystem::create_directory(wanted, error);
  if (error) return "cannot create " + wanted.string() + ": " + error.message();
  return sync_directory_at(parent);
}

}  // namespace

std::string engine::impl::load_store_id() {
  std::optional<uuid> found;
  if (auto error = find_store(settings.data_dir, *files, found); !error.empty()) return error;
  if (found) {
    store = *found;
    return {};
  }
  if (auto error = find_stranger(settings.data_dir); !error.empty()) return error;
  report.is_new = true;
  // The first volume comes before the store file: a store without volumes has lost them.
  if (auto error = files->start(1, 0); !error.empty()) return error;
  std::random_device random;
  for (auto& b : store.bytes) b = static_cast<std::byte>(random() & 0xFFU);
  return write_store_file(settings.data_dir, store);
}

std::string engine::impl::start() {
  if (auto problem = make_directory(std::filesystem::path{settings.data_dir + "/"}.parent_path()); !problem.empty())
    return problem;
  const auto lock_path = settings.data_dir + "/lock";
  lock_fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock_fd < 0) return errno_text("cannot open " + lock_path, errno);
  if (::flock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? settings.data_dir + " is in use by another process"
                                : errno_text("cannot lock " + lock_path, errno);
  }
  files = std::make_unique<volumes>(settings.data_dir + "/volumes", settings.faults);
  if (auto problem = files->scan(); !problem.empty()) return problem;
  if (auto problem = load_store_id(); !problem.empty()) return problem;
  std::string problem;
  entries = index::open(
      settings.data_dir + "/index",
      {[this] { sync_before_checkpoint(); }, [this](std::string_view name) { step(name); }},
      problem);
  if (!entries) return problem;
  if (problem = sync_directory_at(settings.data_dir); !problem.empty()) return problem;
  if (problem = recover(); !problem.empty()) return problem;
  look_at_disk();
  upkeep(false);
  wants_upkeep = true;  // also without a write: a sparse volume waits for the vacuum, which is not there yet
  next_upkeep = std::chrono::steady_clock::now() + settings.upkeep_interval;
  open_seq = next_seq;
  start_vacuum();
  disk = std::make_unique<disk_reads>(settings.disk_read_threads, settings.max_waiting_reads);
  writer = std::thread{[this] { run(); }};
  return {};
}

}  // namespace tidegate::smq::embedded
