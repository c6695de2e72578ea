#include "smq/segments/log_bytes.hpp"

#include "smq/entry_path.hpp"
#include "smq/segments/segment_name.hpp"
#include "smq/step_loop.hpp"

#include <memory>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr std::size_t page_entries = 256;  // with up to 64 chunks each, a page stays below one megabyte

class log_counter final : public step_loop {
 public:
  log_counter(entry_port& entries, std::string directory, time_point deadline, completion<result<std::uint64_t>> done)
    : entries_(entries), directory_(std::move(directory)), deadline_(deadline), done_(std::move(done)) {}

 private:
  bool step() override {
    if (asked_ && !take_page()) return false;
    asked_ = true;
    entries_.list(directory_, after_, page_entries, true, deadline_,
                  [self = shared_from_this(), this](result<list_page> answer) {
                    page_ = std::move(answer);
                    resume();
                  });
    return true;
  }

  /// False: that was the last one, and `done_` is called.
  bool take_page() {
    if (!page_.is_ok()) return finish(page_.what);
    if (page_.value.more && page_.value.entries.empty()) return finish({status::unknown, "an empty page, and more", 0});
    for (const auto& e : page_.value.entries) {
      after_ = std::string(name_of(e.path));
      if (parse_segment_name(after_) && !e.chunks.empty()) bytes_ += e.chunks.back().offset + e.chunks.back().size;
    }
    return page_.value.more || finish({});
  }

  bool finish(const outcome& what) {
    done_({what, bytes_});
    return false;
  }

  entry_port& entries_;
  const std::string directory_;
  const time_point deadline_;
  completion<result<std::uint64_t>> done_;
  bool asked_ = false;
  std::string after_;
  result<list_page> page_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

void log_bytes(entry_port& entries, std::string directory, time_point deadline,
               completion<result<std::uint64_t>> done) {
  std::make_shared<log_counter>(entries, std::move(directory), deadline, std::move(done))->run();
}

}  // namespace tidegate::smq
