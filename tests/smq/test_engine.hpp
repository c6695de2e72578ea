#pragma once

#include "smq/embedded/engine.hpp"

#include "caf/test/unit_test.hpp"

#include <filesystem>
#include <future>

/// Helpers for tests of anything over the ports: a directory of one's own, and calls that wait.
namespace tidegate::smq::testing {

/// In memory where there is such a thing: crashes are simulated by copies, so what a disk keeps does not matter.
inline std::filesystem::path scratch_base() {
  const std::filesystem::path memory{"/dev/shm"};
  return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

/// A directory that goes away with the test.
class scratch_directory {
 public:
  explicit scratch_directory(const std::filesystem::path& base = scratch_base()) {
    auto pattern = (base / ("tidegate-" + std::string(6, 'X'))).string();  // mkdtemp replaces the last six
    if (::mkdtemp(pattern.data()) == nullptr) CAF_FAIL("cannot make " << pattern);
    path_ = pattern;
  }
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  [[nodiscard]] std::string path(const std::string& below = "") const { return path_ + below; }

 private:
  std::string path_;
};

inline time_point soon() { return std::chrono::steady_clock::now() + std::chrono::seconds{30}; }

/// Waits for the one answer of a call that gets `completion<T>` as its last argument.
template <class T, class Call>
T wait_for(Call call) {
  auto promise = std::make_shared<std::promise<T>>();
  auto answer = promise->get_future();
  call([promise](T value) { promise->set_value(std::move(value)); });
  if (answer.wait_for(std::chrono::seconds{60}) != std::future_status::ready) CAF_FAIL("no answer");
  return answer.get();
}

/// Blocking calls over both ports.
struct blocking {
  engine ports;

  [[nodiscard]] result<chunk_id> put_chunk(std::string_view bytes) const {
    return wait_for<result<chunk_id>>(
        [&](auto done) { ports.chunks.put({shared_bytes::copy_of(as_byte_view(bytes))}, soon(), std::move(done)); });
  }
  [[nodiscard]] result<shared_bytes> get_chunk(const chunk_id& id, std::uint64_t at, std::uint64_t count) const {
    return wait_for<result<shared_bytes>>([&](auto done) { ports.chunks.get(id, at, count, soon(), std::move(done)); });
  }
  [[nodiscard]] result<entry> get(const std::string& path) const {
    return wait_for<result<entry>>([&](auto done) { ports.entries.get(path, soon(), std::move(done)); });
  }
  [[nodiscard]] result<std::vector<result<entry>>> get_many(std::vector<std::string> paths) const {
    return wait_for<result<std::vector<result<entry>>>>(
        [&](auto done) { ports.entries.get_many(std::move(paths), soon(), std::move(done)); });
  }
  [[nodiscard]] result<list_page> list(const std::string& directory, const std::string& after = "",
                                       std::size_t limit = 1000, bool with_chunks = true) const {
    return wait_for<result<list_page>>(
        [&](auto done) { ports.entries.list(directory, after, limit, with_chunks, soon(), std::move(done)); });
  }
  [[nodiscard]] outcome transact(guard condition, mutation_list mutations) const {
    return wait_for<outcome>([&](auto done) {
      ports.entries.transact(std::move(condition), std::move(mutations), soon(), std::move(done));
    });
  }
  [[nodiscard]] outcome remove_tree(const std::string& directory) const {
    return wait_for<outcome>([&](auto done) { ports.entries.remove_tree(directory, soon(), std::move(done)); });
  }
};

inline mutation put(std::string path, std::string content, std::vector<chunk_ref> chunks = {}) {
  return {mutation::kind::put, {std::move(path), std::move(content), {}, std::move(chunks)}};
}

inline mutation erase(std::string path) { return {mutation::kind::erase, {std::move(path), {}, {}, {}}}; }

inline std::unique_ptr<embedded::engine> open_embedded(const std::string& directory, embedded::options wanted = {}) {
  wanted.data_dir = directory;
  auto opened = embedded::open(std::move(wanted));
  if (!opened.store) CAF_FAIL("cannot open: " << opened.error);
  return std::move(opened.store);
}

}  // namespace tidegate::smq::testing
