#pragma once

#include "smq/ports.hpp"

#include <optional>
#include <string>
#include <vector>

/// Compare-and-set with its outcome decided (design §5.2 in small): for entries that no fence protects.
namespace tidegate::smq {

struct decided {
  enum class kind : std::uint8_t {
    applied,    // every mutation is applied
    displaced,  // the guarded entry is neither what was expected nor what we put; `current` is what it is
    refused,    // nothing applied
    unknown,    // still undecided at the deadline, or after the last attempt
  };
  kind code = kind::unknown;
  std::string reason;
  std::optional<std::string> current;  // nullopt: the entry is absent
};

/// Runs the transaction and, while its outcome is in doubt, reads the guarded entry and repeats the identical
/// transaction: the last mutation's content is unique, so a late duplicate changes nothing.
/// `mutations`: the last one puts the guarded entry. Thread: any; `done` is called exactly once.
void transact_decided(entry_port& entries, guard condition, std::vector<mutation> mutations, time_point deadline,
                      completion<decided> done);

}  // namespace tidegate::smq
