#pragma once

#include <string>

/// The filer's rules by path (`fs.configure` of weed shell), which hold for entries and chunks of every writer.
namespace tidegate::smq::seaweedmq {

/// Where a filer keeps them, as JSON. It follows every change of this entry; without it there are none.
inline constexpr const char* storage_rules_path = "/etc/seaweedfs/filer.conf";

/// Empty when the filer keeps what we store until we delete it; otherwise the rule with a ttl, and what to do about it.
/// That ttl counts from the creation of an entry, however often it is written: groups that commit every day lose their
/// positions, too. `rules`: the content of the entry; when it cannot be read, that is the answer.
std::string expiry_problem(const std::string& rules);

}  // namespace tidegate::smq::seaweedmq
