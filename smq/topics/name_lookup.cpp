#include "smq/topics/name_lookup.hpp"

#include "smq/entry_path.hpp"

#include <utility>

namespace tidegate::smq {

name_lookup read_name(const std::string& name, const result<entry>& found) {
  name_lookup answer;
  if (found.what.code == status::absent) {
    answer.code = lookup_result::absent;
    return answer;
  }
  if (!found.is_ok()) {
    answer.reason = found.what.reason;
    answer.is_damaged = found.what.is_damaged;
    return answer;
  }
  auto record = decode_name_record(found.value.content);
  if (!record || record->name != name) {
    answer.reason = why_unreadable(found.value.content, name_record_version) + ": entry " + name_entry_path(name);
    answer.is_damaged = true;
    return answer;
  }
  answer.code = lookup_result::found;
  answer.content = found.value.content;
  answer.record = std::move(*record);
  return answer;
}

void look_up_name(entry_port& entries, const std::string& name, time_point deadline, completion<name_lookup> done) {
  entries.get(name_entry_path(name), deadline,
              [name, done = std::move(done)](result<entry> found) { done(read_name(name, found)); });
}

}  // namespace tidegate::smq
