#include "smq/embedded/doctor.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/embedded/entry_codec.hpp"
#include "smq/embedded/recovery.hpp"
#include "smq/embedded/store_file.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace tidegate::smq::embedded {

namespace {

constexpr std::size_t shown_damage = 100;
constexpr std::size_t paths_per_step = 1000;
constexpr std::uint64_t block_bytes = 1ULL << 20;

class examiner {
 public:
  examiner(const std::string& data_dir, examination& into)
    : data_dir_(data_dir), files_(data_dir + "/volumes", {}, true), into_(into) {}

  void run() {
    if (auto problem = lock(); !problem.empty()) return refuse(std::move(problem));
    if (into_.start_refuses = files_.scan(); !into_.start_refuses.empty()) return;
    std::optional<uuid> store;
    if (into_.start_refuses = find_store(data_dir_, files_, store); !into_.start_refuses.empty()) return;
    if (!store) return refuse(data_dir_ + " is no data directory of tidegate: a start would make a new store there");
    for (const auto& [volume, bytes] : files_.sizes()) {
      ++into_.volumes;
      into_.volume_bytes += bytes;
    }
    const auto directory = data_dir_ + "/index";
    into_.lacks_index = !index::is_there(directory);
    entries_ = into_.lacks_index ? index::open_in_memory(into_.start_refuses)
                                 : index::open_to_read(directory, into_.start_refuses);
    if (!entries_) return;
    if (!into_.lacks_index) read_older_windows(*store);
    replay(*store);
    const auto elsewhere = into_.damages;
    read_entries();
    census_.finish([this](problem_report what) { report(std::move(what)); });
    into_.tree = census_.counts();
    if (into_.damages == elsewhere) compare_live_bytes();  // else chunks that are nowhere were not counted
  }

 private:
  void refuse(std::string why) { into_.refused = std::move(why); }

  void report(problem_report what) {
    ++into_.damages;
    if (into_.damage.size() < shown_damage) into_.damage.push_back(std::move(what));
  }

  /// Shared, so that no node starts meanwhile; a node holds it alone.
  std::string lock() {
    const auto path = data_dir_ + "/lock";
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? std::string{} : errno_text("cannot open " + path, errno);
    lock_ = std::make_unique<file>(fd);
    if (::flock(fd, LOCK_SH | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) return errno_text("cannot lock " + path, errno);
    return "a node runs on " + data_dir_ + ": stop it, or look at a copy that tidegate snapshot makes";
  }

  void replay(const uuid& store) {
    const auto plan = plan_recovery(files_, *entries_, store);
    const auto from = entries_->replay_from();
    into_.replay_from = window_place{from.volume, from.position, {}}.text();
    into_.start_refuses = plan.error;
    if (!plan.error.empty()) return;
    if (plan.cut_bytes > 0) into_.cut_at = plan.end.text();
    into_.cut_bytes = plan.cut_bytes;
    section_buffer buffer;
    for (const auto& w : plan.windows) {
      if (auto error = replay_window(files_, *entries_, w, buffer); !error.empty()) {
        into_.start_refuses = unreadable_at(w, error);
        return;
      }
      ++into_.replay_windows;
      into_.replay_bytes += w.header.window_bytes();
    }
  }

  /// Before replay(): what the index was made from. Nothing needs it while there is an index.
  void read_older_windows(const uuid& store) {
    const auto until = entries_->replay_from();
    section_buffer buffer;
    for (const auto& [volume, bytes] : files_.sizes()) {
      const auto end = volume == until.volume ? until.position : bytes;
      for (window_place at{volume, 0, {}}; volume <= until.volume && at.position < end;) {
        const auto header = read_header(files_, volume, at.position, bytes);
        if (!header || header->store != store) {
          const auto why = is_newer_window(files_, store, at) ? written_by_newer : "damaged";
          report({at.text(), "a window is " + why + ", and what is behind it in this volume: the index has its "
                             "entries, but could not be built again"});
          break;
        }
        at.header = *header;
        if (auto error = read_section(files_, at, buffer); !error.empty())
          report({at.text(), error + ": the index has its entries, but could not be built again"});
        at.position += header->window_bytes();
      }
    }
  }

  void read_entries() {
    tree_cursor at;
    for (auto paths = entries_->paths_below("/", at, paths_per_step); true;
         paths = entries_->paths_below("/", at, paths_per_step)) {
      if (!paths.is_ok()) return report({data_dir_ + "/index", paths.what.reason});
      if (paths.value.empty()) return;
      for (const auto& path : paths.value) read_entry(path);
    }
  }

  void read_entry(const std::string& path) {
    const auto stored = entries_->find(path);
    if (!stored.is_ok()) return report({path, stored.what.reason});
    const auto found = decode_entry(path, stored.value);
    if (!found) return report({path, "the entry is " + why_unreadable(stored.value, entry_version)});
    ++into_.entries;
    census_.add(*found, [this](problem_report what) { report(std::move(what)); });
    for (const auto& c : found->chunks) {
      ++into_.chunks;
      if (auto problem = read_chunk(c); !problem.empty()) report({path, std::move(problem)});
    }
  }

  std::string read_chunk(const chunk_ref& named) {
    const auto place = entries_->place_of(named.id);
    if (place.what.code == status::absent) return "it names a chunk that is nowhere";
    if (!place.is_ok()) return place.what.reason;
    const auto& at = place.value;
    live_[at.volume] += at.length;
    into_.live_bytes += at.length;
    const auto where = window_place{at.volume, at.position, {}}.text();
    std::uint32_t crc = 0;
    for (std::uint64_t done = 0; done < at.length; done += block_.size()) {
      block_.resize(std::min(block_bytes, at.length - done));
      if (auto error = files_.read(at.volume, at.position + done, block_); !error.empty()) return error;
      crc = crc32c(block_, crc);
    }
    if (crc != at.crc) return "the bytes of a chunk are damaged: " + where;
    if (named.size != at.length) return "a chunk is longer or shorter than the entry says: " + where;
    return {};
  }

  void compare_live_bytes() {
    for (const auto& [volume, bytes] : entries_->live_bytes()) {
      const auto counted = live_[volume];
      if (counted != bytes)
        report({"volume " + std::to_string(volume), std::to_string(counted) + " bytes in it are alive, the index says " +
                                                        std::to_string(bytes)});
    }
  }

  const std::string data_dir_;
  volumes files_;
  examination& into_;
  std::unique_ptr<file> lock_;
  std::unique_ptr<index> entries_;
  census census_;
  std::map<std::uint32_t, std::uint64_t> live_;
  byte_buffer block_;
};

}  // namespace

examination examine(const std::string& data_dir) {
  examination found;
  examiner{data_dir, found}.run();
  return found;
}

}  // namespace tidegate::smq::embedded
