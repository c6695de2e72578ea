#include "smq/positions/lowest_positions.hpp"

#include "smq/entry_path.hpp"
#include "smq/names.hpp"
#include "smq/step_loop.hpp"

#include <memory>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr std::size_t page_entries = 512;  // about 150 KiB

constexpr std::size_t pages_per_turn = 8;  // some 10 ms

void lower(std::optional<std::int64_t>& lowest, std::int64_t value) {
  if (!lowest || value < *lowest) lowest = value;
}

/// One page after the other; none outlives its reading.
class position_walk final : public step_loop {
 public:
  position_walk(entry_port& entries, position_place place, walk_pace pace, completion<result<lowest_positions>> done)
    : entries_(entries), place_(std::move(place)), pace_(std::move(pace)), done_(std::move(done)) {}

 private:
  bool step() override {
    if (page_ && !take_page()) return false;
    entries_.list(positions_directory(place_.partition_directory), after_, page_entries, false, pace_.deadline(),
                  [self = shared_from_this(), this](result<list_page> page) {
                    page_ = std::move(page);
                    if (++pages_ % pages_per_turn > 0) return resume();
                    pace_.later([self, this] { resume(); });
                  });
    return true;
  }

  /// False: it was the last one.
  bool take_page() {
    const auto page = *std::exchange(page_, std::nullopt);
    if (!page.is_ok()) return end(page.what);
    for (const auto& e : page.value.entries) take(e);
    for (const auto& name : page.value.directories)
      if (name.ends_with(position_suffix))
        note_damage("a directory at " + positions_directory(place_.partition_directory) + "/" + name);
    if (!page.value.more) return end({});
    if (page.value.entries.empty()) return end({status::unknown, "an empty page, and more", 0});
    after_ = name_of(page.value.entries.back().path);
    return true;
  }

  void take(const entry& e) {
    if (!e.path.ends_with(position_suffix)) return;
    const auto position = interpret_position(place_.topic_id, {{}, e});
    switch (position.code) {
      case position_result::found:  // a negative offset is no position: whoever fetches it is told that there is none
        if (position.committed.offset >= 0) lower(found_.offset, position.committed.offset);
        return;
      case position_result::native: return lower(found_.value_ns, position.native_value_ns);
      case position_result::absent: return;
      case position_result::damaged:
      case position_result::unknown: note_damage(position.reason);
    }
  }

  void note_damage(const std::string& what) {
    if (++found_.damaged == 1) found_.first_damaged = what;
  }

  bool end(const outcome& what) {
    done_({what, what.is_ok() ? std::move(found_) : lowest_positions{}});
    return false;
  }

  entry_port& entries_;
  const position_place place_;
  const walk_pace pace_;
  completion<result<lowest_positions>> done_;
  std::optional<result<list_page>> page_;
  std::size_t pages_ = 0;
  std::string after_;
  lowest_positions found_;
};

}  // namespace

void find_lowest_positions(entry_port& entries, const position_place& place, walk_pace pace,
                           completion<result<lowest_positions>> done) {
  std::make_shared<position_walk>(entries, place, std::move(pace), std::move(done))->run();
}

}  // namespace tidegate::smq
