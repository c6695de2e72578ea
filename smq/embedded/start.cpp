#include "messages/common/crc32c.hpp"
#include "smq/embedded/binary.hpp"
#include "smq/embedded/impl.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>

namespace tidegate::smq::embedded {

namespace {

constexpr std::string_view store_magic = "TGS1";
constexpr std::uint8_t store_version = 1;

std::string write_store_file(const std::string& directory, const std::string& bytes) {
  const auto temporary = directory + "/store.new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return errno_text("cannot create " + temporary, errno);
  const file holder{fd};
  if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) || ::fsync(fd) != 0) {
    return errno_text("cannot write " + temporary, errno);
  }
  if (::rename(temporary.c_str(), (directory + "/store").c_str()) != 0) {
    return errno_text("cannot rename " + temporary, errno);
  }
  return sync_directory_at(directory);
}

}  // namespace

std::string engine::impl::load_store_id() {
  const auto path = settings.data_dir + "/store";
  std::ifstream in{path, std::ios::binary};
  if (in) {
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    binary_reader reader{bytes};
    if (reader.take(store_magic.size()) != store_magic) return path + " is not a store file";
    if (reader.number<std::uint8_t>() != store_version) return path + " was written by a newer version";
    const auto id = reader.take(store.bytes.size());
    const auto covered = bytes.size() - reader.left();
    if (reader.number<std::uint32_t>() != crc32c(as_byte_view(std::string_view{bytes}.substr(0, covered))) ||
        !reader.ok()) {
      return path + " is damaged";
    }
    std::memcpy(store.bytes.data(), id.data(), id.size());
    return files->numbers().empty() ? settings.data_dir + " has no volumes any more" : std::string{};
  }
  for (const auto volume : files->numbers()) {
    if (files->size_of(volume).value_or(1) > 0) return path + " is missing, but there are volumes";
  }
  // The first volume comes before the store file: a store without volumes has lost them.
  if (auto error = files->start(1, 0); !error.empty()) return error;
  std::random_device random;
  for (auto& b : store.bytes) b = static_cast<std::byte>(random() & 0xFFU);
  std::string bytes{store_magic};
  put_number(bytes, store_version);
  bytes.append(as_text(store.bytes));
  put_number(bytes, crc32c(as_byte_view(bytes)));
  return write_store_file(settings.data_dir, bytes);
}

std::string engine::impl::start() {
  std::error_code error;
  std::filesystem::create_directories(settings.data_dir, error);
  if (error) return "cannot create " + settings.data_dir + ": " + error.message();
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
  if (auto problem = sync_directory_at(settings.data_dir); !problem.empty()) return problem;
  std::string problem;
  entries = index::open(
      settings.data_dir + "/index", {[this] { sync_before_flush(); }, [this](std::string_view name) { step(name); }},
      problem);
  if (!entries) return problem;
  if (problem = recover(); !problem.empty()) return problem;
  wants_upkeep = upkeep(false);
  next_upkeep = std::chrono::steady_clock::now() + settings.upkeep_interval;
  open_seq = next_seq;
  start_vacuum();
  writer = std::thread{[this] { run(); }};
  return {};
}

}  // namespace tidegate::smq::embedded
