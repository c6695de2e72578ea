#include "smq/embedded/snapshot.hpp"

#include "smq/embedded/recovery.hpp"
#include "smq/embedded/store_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace tidegate::smq::embedded {

namespace {

namespace fs = std::filesystem;

/// Beside a vacuum that deletes a volume at each moment many tries may fail in a row; otherwise the first one does it.
constexpr int max_tries = 100;
constexpr std::uint64_t block_bytes = 1ULL << 20;

std::string sync_file_at(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno_text("cannot open " + path, errno);
  const file holder{fd};
  return ::fsync(fd) == 0 ? std::string{} : errno_text("cannot sync " + path, errno);
}

std::string sync_all_in(const std::string& directory) {
  std::error_code failed;
  for (const auto& item : fs::directory_iterator{directory, failed}) {
    if (auto error = sync_file_at(item.path()); !error.empty()) return error;
  }
  return failed ? "cannot read " + directory + ": " + failed.message() : sync_directory_at(directory);
}

class copier {
 public:
  copier(const std::string& from, const std::string& to, snapshot_report& report)
    : from_(from), to_(to), target_(to + "/volumes", {}, true), report_(report) {}

  std::string run() {
    if (auto error = read_store_file(from_, store_); !error.empty()) return error;
    std::error_code failed;
    if (!fs::create_directory(to_ + "/volumes", failed)) return "cannot create " + to_ + "/volumes";
    std::string error;
    for (int tries = 0; tries < max_tries; ++tries) {
      error = copy_once();
      if (error.empty()) return finish();
    }
    return error;
  }

 private:
  /// What a node that runs deletes or appends meanwhile makes it fail: then once more, with what is linked already.
  std::string copy_once() {
    std::error_code ignored;
    // By now the node may have written more into that volume, and then it is linked as a whole.
    if (tail_ > 0) fs::remove(target_.path_of(std::exchange(tail_, 0)), ignored);
    volumes early{from_ + "/volumes", {}, true};
    if (auto error = early.scan(); !error.empty()) return error;
    const auto before = early.numbers();
    if (before.empty()) return from_ + " has no volumes";
    // First of all: what the index names may be deleted as soon as it names it no more.
    for (const auto volume : before)
      if (volume != before.back()) link(early, volume);
    std::string error;
    const auto entries = index::open_to_read(from_ + "/index", error);
    if (!entries) return error;
    volumes files{from_ + "/volumes", {}, true};
    if (error = files.scan(); !error.empty()) return error;
    const auto plan = plan_recovery(files, *entries, store_);
    if (!plan.error.empty()) return plan.error;
    for (const auto volume : files.numbers())
      if (volume < plan.end.volume) link(files, volume);
    if (error = copy_tail(files, plan.end); !error.empty()) return error;
    if (error = missing(*entries, plan.end.volume); !error.empty()) return error;
    fs::remove_all(to_ + "/index", ignored);
    report_.last_window = entries->replay_from().next_seq + plan.windows.size() - 1;
    return entries->copy_to(to_ + "/index");
  }

  /// A volume that is full. When that fails it is gone, which missing() finds out.
  void link(const volumes& files, std::uint32_t volume) {
    std::error_code failed;
    const auto path = target_.path_of(volume);
    if (fs::exists(path, failed)) return;
    fs::create_hard_link(files.path_of(volume), path, failed);
    if (!failed) return;
    fs::copy_file(files.path_of(volume), path, failed);  // another file system
    if (failed) fs::remove(path, failed);
  }

  /// The newest volume, up to the end of the last whole window.
  std::string copy_tail(volumes& files, const window_place& end) {
    const auto path = target_.path_of(end.volume);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0) return errno_text("cannot create " + path, errno);
    tail_ = end.volume;
    const file into{fd};
    byte_buffer block(block_bytes);
    for (std::uint64_t at = 0; at < end.position;) {
      const auto part = std::span{block}.first(std::min<std::uint64_t>(block.size(), end.position - at));
      if (auto error = files.read(end.volume, at, part); !error.empty()) return error;
      const auto written = ::pwrite(fd, part.data(), part.size(), static_cast<off_t>(at));
      if (written <= 0) return errno_text("cannot write " + path, errno);
      at += static_cast<std::uint64_t>(written);
    }
    return {};
  }

  /// A volume that the copied index needs and that was deleted before it was linked.
  std::string missing(const index& entries, std::uint32_t last) const {
    const auto problem = [&](std::uint32_t volume) {
      std::error_code ignored;
      return fs::exists(target_.path_of(volume), ignored) ? std::string{}
                                                          : "volume " + std::to_string(volume) + " is gone again";
    };
    for (const auto& [volume, bytes] : entries.live_bytes())
      if (auto error = problem(volume); !error.empty()) return error;
    for (auto volume = entries.replay_from().volume; volume <= last; ++volume)
      if (auto error = problem(volume); !error.empty()) return error;
    return {};
  }

  std::string finish() {
    for (const auto* directory : {"/volumes", "/index"})
      if (auto error = sync_all_in(to_ + directory); !error.empty()) return error;
    if (auto error = target_.scan(); !error.empty()) return error;
    for (const auto& [volume, bytes] : target_.sizes()) {
      ++report_.volumes;
      std::error_code ignored;
      (fs::hard_link_count(target_.path_of(volume), ignored) > 1 ? report_.linked_bytes : report_.copied_bytes) += bytes;
    }
    return write_store_file(to_, store_);
  }

  const std::string from_;
  const std::string to_;
  volumes target_;
  snapshot_report& report_;
  uuid store_;
  std::uint32_t tail_ = 0;  // the volume that was copied and not linked; 0: none
};

}  // namespace

snapshot_report take_snapshot(const std::string& data_dir, const std::string& target) {
  snapshot_report report;
  std::error_code failed;
  const auto whole = fs::absolute(target, failed).lexically_normal();
  const auto final_name = (whole.has_filename() ? whole : whole.parent_path()).string();
  if (fs::exists(final_name, failed)) {
    report.error = final_name + " is there already";
    return report;
  }
  const auto unfinished = final_name + ".unfinished";
  if (!fs::create_directory(unfinished, failed)) {
    report.error = "cannot create " + unfinished + ": " + (failed ? failed.message() : "it is there already");
    return report;
  }
  report.error = copier{data_dir, unfinished, report}.run();
  if (report.error.empty() && ::rename(unfinished.c_str(), final_name.c_str()) != 0)
    report.error = errno_text("cannot rename " + unfinished, errno);
  if (report.error.empty()) report.error = sync_directory_at(fs::path{final_name}.parent_path());
  if (!report.error.empty()) fs::remove_all(unfinished, failed);
  return report;
}

}  // namespace tidegate::smq::embedded
