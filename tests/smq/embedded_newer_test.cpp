#define CAF_SUITE embedded_newer
#include "messages/common/crc32c.hpp"
#include "smq/embedded/binary.hpp"
#include "smq/embedded/doctor.hpp"
#include "smq/embedded/snapshot.hpp"
#include "smq/embedded/store_file.hpp"
#include "smq/embedded/window.hpp"
#include "tests/smq/embedded_workload.hpp"

#include <fstream>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_to(const std::string& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

/// Where windows begin.
std::vector<std::size_t> windows_in(std::string_view volume) {
  std::vector<std::size_t> places;
  std::size_t at = 0;
  while (const auto header = embedded::decode_header(volume.substr(at))) {
    places.push_back(at);
    at += header->window_bytes();
  }
  return places;
}

void put_crc(std::string& bytes, std::size_t at, std::string_view covered) {
  std::string crc;
  embedded::put_number(crc, crc32c(as_byte_view(covered)));
  bytes.replace(at, crc.size(), crc);
}

void seal_header(std::string& volume, std::size_t window) {
  const auto covered = embedded::window_header_bytes - 4;
  put_crc(volume, window + covered, std::string_view{volume}.substr(window, covered));
}

void make_newer(std::string& volume, std::size_t window) {
  volume[window + 4] = 2;
  seal_header(volume, window);
}

/// A mutation of a kind that this version does not know, in a whole window.
void make_mutations_newer(std::string& volume, std::size_t window) {
  const auto header = embedded::decode_header(std::string_view{volume}.substr(window));
  CAF_REQUIRE(header.has_value());
  volume[volume.find("/f/fence", window) - 5] = 2;
  constexpr std::size_t crc_at = 56;
  const std::string_view all{volume};
  put_crc(volume, window + crc_at, all.substr(window + header->header_bytes, header->mutation_bytes));
  seal_header(volume, window);
}

/// What a crash left, with windows to replay.
struct crashed_store {
  scratch_directory home;
  const std::string data = home.path("/crashed");
  const std::string volume = data + volume_1;
  std::string bytes;
  std::vector<std::size_t> windows;

  crashed_store() {
    const auto store = open_embedded(home.path("/live"));
    workload{*store}.steps(8);
    copy_to(home.path("/live"), data);
    bytes = bytes_of(volume);
    windows = windows_in(bytes);
    CAF_REQUIRE_EQUAL(windows.size(), 8U);
  }

  /// Start and doctor refuse the store in the same words, and change no byte of the volume.
  std::string refusal(const std::string& changed) {
    write_to(volume, changed);
    embedded::options wanted;
    wanted.data_dir = data;
    const auto error = embedded::open(std::move(wanted)).error;
    CAF_CHECK(error.find(written_by_newer) != std::string::npos);
    const auto found = embedded::examine(data);
    CAF_CHECK(!found.is_fine());
    CAF_CHECK_EQUAL(found.start_refuses, error);
    CAF_CHECK(bytes_of(volume) == changed);
    return error;
  }
};

}  // namespace

CAF_TEST(windows of a newer version are no torn tail) {
  crashed_store one;
  for (const std::size_t count : {1U, 3U, 8U}) {
    auto newer = one.bytes;
    const auto first = one.windows.size() - count;
    for (auto i = first; i < one.windows.size(); ++i) make_newer(newer, one.windows[i]);
    const auto place = "volume 1, position " + std::to_string(one.windows[first]);
    const auto error = one.refusal(newer);
    CAF_CHECK_EQUAL(error, "the window at " + place + " cannot be read: " + written_by_newer);
    CAF_CHECK_EQUAL(embedded::take_snapshot(one.data, one.home.path("/copy")).error, error);
    // Also when the newer version was stopped while it wrote: only it knows where its window ends.
    one.refusal(newer.substr(0, newer.size() - 1));
  }
}

CAF_TEST(whole mutations of an unknown kind are no torn tail) {
  crashed_store one;
  for (const auto window : {one.windows.back(), one.windows[3]}) {
    auto newer = one.bytes;
    make_mutations_newer(newer, window);
    CAF_CHECK(one.refusal(newer).starts_with("the window at volume 1, position " + std::to_string(window) + " cannot"));
  }
  auto newest = one.bytes;
  make_mutations_newer(newest, one.windows.back());
  const auto error = one.refusal(newest);
  CAF_CHECK_EQUAL(embedded::take_snapshot(one.data, one.home.path("/copy")).error, error);
}

CAF_TEST(a torn window in front of newer ones is damage) {
  crashed_store one;
  auto newer = one.bytes;
  newer[one.windows[6]] = '?';
  make_newer(newer, one.windows[7]);
  write_to(one.volume, newer);
  embedded::options wanted;
  wanted.data_dir = one.data;
  CAF_CHECK(embedded::open(std::move(wanted)).error.starts_with("the window at volume 1, "));
  CAF_CHECK(bytes_of(one.volume) == newer);
}

CAF_TEST(windows of a newer version that the index has are named by the doctor) {
  const scratch_directory home;
  {
    const auto store = open_embedded(home.path());
    workload{*store}.steps(8);
  }
  auto newer = bytes_of(home.path(volume_1));
  make_newer(newer, windows_in(newer).back());
  write_to(home.path(volume_1), newer);
  const auto found = embedded::examine(home.path());
  CAF_CHECK_EQUAL(found.start_refuses, "");
  CAF_REQUIRE_EQUAL(found.damages, 1U);
  CAF_CHECK(found.damage[0].what.find(written_by_newer) != std::string::npos);
  CAF_CHECK_EQUAL(dump(*open_embedded(home.path())).size(), 8U);  // seven of /d and the fence
}

CAF_TEST(the header of a newer version is told from a damaged one) {
  auto bytes = embedded::encode_header({});
  make_newer(bytes, 0);
  const auto start = embedded::decode_header_start(bytes);
  CAF_REQUIRE(start.has_value());
  CAF_CHECK(start->is_of_newer_version());
  CAF_CHECK_EQUAL(start->version, 2U);
  CAF_CHECK(!embedded::decode_header(bytes));
  for (auto& c : bytes) {
    c = static_cast<char>(c ^ 1);
    CAF_CHECK(!embedded::decode_header_start(bytes));
    c = static_cast<char>(c ^ 1);
  }
}

CAF_TEST(a store file of a newer version is not called damaged) {
  const scratch_directory home;
  open_embedded(home.path()).reset();
  auto bytes = bytes_of(home.path("/store"));
  bytes[4] = 2;
  write_to(home.path("/store"), bytes);
  uuid id;
  CAF_CHECK(embedded::read_store_file(home.path(), id).find(written_by_newer) != std::string::npos);
}
