#include "smq/embedded/store_file.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/embedded/binary.hpp"
#include "smq/embedded/volumes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace tidegate::smq::embedded {

namespace {

constexpr std::string_view magic = "TGS1";
constexpr std::uint8_t version = 1;

}  // namespace

bool has_store_file(const std::string& data_dir) {
  std::error_code ignored;
  return std::filesystem::exists(data_dir + "/store", ignored);
}

std::string read_store_file(const std::string& data_dir, uuid& id) {
  const auto path = data_dir + "/store";
  std::ifstream in{path, std::ios::binary};
  if (!in) return "cannot open " + path;
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  binary_reader reader{bytes};
  if (reader.take(magic.size()) != magic) return path + " is not a store file";
  if (reader.number<std::uint8_t>() != version) return path + ": " + written_by_newer;
  const auto raw = reader.take(id.bytes.size());
  const auto covered = bytes.size() - reader.left();
  if (reader.number<std::uint32_t>() != crc32c(as_byte_view(std::string_view{bytes}.substr(0, covered))) ||
      !reader.ok()) {
    return path + " is damaged";
  }
  std::memcpy(id.bytes.data(), raw.data(), raw.size());
  return {};
}

std::string find_store(const std::string& data_dir, volumes& files, std::optional<uuid>& id) {
  if (has_store_file(data_dir)) {
    if (auto error = read_store_file(data_dir, id.emplace()); !error.empty()) return error;
    return files.numbers().empty() ? data_dir + " has no volumes any more" : std::string{};
  }
  for (const auto volume : files.numbers()) {
    if (files.size_of(volume).value_or(1) > 0) return data_dir + "/store is missing, but there are volumes";
  }
  return {};
}

std::string find_stranger(const std::string& data_dir) {
  constexpr std::array<std::string_view, 5> ours{"lock", "volumes", "store.new", "index", "lost+found"};
  std::error_code failed;
  for (const auto& item : std::filesystem::directory_iterator(data_dir, failed)) {
    const auto name = item.path().filename().string();
    if (std::ranges::find(ours, name) == ours.end())
      return data_dir + " holds " + name + " and no store: a new one needs an empty directory";
  }
  const bool is_readable = !failed || failed == std::errc::no_such_file_or_directory;
  return is_readable ? std::string{} : "cannot read " + data_dir + ": " + failed.message();
}

std::string write_store_file(const std::string& data_dir, const uuid& id) {
  std::string bytes{magic};
  put_number(bytes, version);
  bytes.append(as_text(id.bytes));
  put_number(bytes, crc32c(as_byte_view(bytes)));
  const auto temporary = data_dir + "/store.new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return errno_text("cannot create " + temporary, errno);
  const file holder{fd};
  if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) || ::fsync(fd) != 0) {
    return errno_text("cannot write " + temporary, errno);
  }
  if (::rename(temporary.c_str(), (data_dir + "/store").c_str()) != 0) {
    return errno_text("cannot rename " + temporary, errno);
  }
  return sync_directory_at(data_dir);
}

}  // namespace tidegate::smq::embedded
