#include "smq/positions/lowest_positions.hpp"

#include "smq/entry_path.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr std::size_t page_entries = 512;  // about 150 KiB

struct pending_list {
  entry_port& entries;
  position_place place;
  time_point deadline;
  completion<result<lowest_positions>> done;
  std::string after;
  lowest_positions found;
};

void lower(std::optional<std::int64_t>& lowest, std::int64_t value) {
  if (!lowest || value < *lowest) lowest = value;
}

void take(pending_list& list, const entry& e) {
  if (!e.path.ends_with(".offset")) return;
  const auto position = interpret_position(list.place.topic_id, {{}, e});
  switch (position.code) {
    case position_result::found: return lower(list.found.offset, position.committed.offset);
    case position_result::native: return lower(list.found.value_ns, position.native_value_ns);
    case position_result::absent: return;
    case position_result::damaged:
    case position_result::unknown: list.found.unclear = position.reason;
  }
}

void read_next_page(const std::shared_ptr<pending_list>& list) {
  list->entries.list(list->place.partition_directory + "/consumers", list->after, page_entries, false, list->deadline,
                     [list](const result<list_page>& page) {
                       if (!page.is_ok()) return list->done({page.what, {}});
                       for (const auto& e : page.value.entries) take(*list, e);
                       for (const auto& name : page.value.directories)
                         if (name.ends_with(".offset")) list->found.unclear = name + " is a directory";
                       if (!page.value.more) return list->done({{}, std::move(list->found)});
                       if (page.value.entries.empty())
                         return list->done({{status::unknown, "an empty page, and more", 0}, {}});
                       list->after = name_of(page.value.entries.back().path);
                       read_next_page(list);
                     });
}

}  // namespace

void find_lowest_positions(entry_port& entries, const position_place& place, time_point deadline,
                           completion<result<lowest_positions>> done) {
  read_next_page(std::make_shared<pending_list>(pending_list{entries, place, deadline, std::move(done), {}, {}}));
}

}  // namespace tidegate::smq
