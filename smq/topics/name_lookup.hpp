#pragma once

#include "smq/ports.hpp"
#include "smq/topics/catalog.hpp"

#include <optional>
#include <string>
#include <utility>

/// What the parts of the catalog share: the guard of a topic, read, and the mutations that change it.
namespace tidegate::smq {

/// What `names/<topic>` says; `content` is the guard of the next change.
struct name_lookup {
  lookup_result code = lookup_result::error;
  std::string reason;
  std::optional<std::string> content;
  name_record record;
  bool is_damaged = false;  // error: asking again does not help
};

name_lookup read_name(const std::string& name, const result<entry>& found);

void look_up_name(entry_port& entries, const std::string& name, time_point deadline, completion<name_lookup> done);

inline mutation put(std::string path, std::string content) {
  mutation m;
  m.target.path = std::move(path);
  m.target.content = std::move(content);
  return m;
}

inline mutation erase(std::string path) {
  mutation m;
  m.what = mutation::kind::erase;
  m.target.path = std::move(path);
  return m;
}

}  // namespace tidegate::smq
