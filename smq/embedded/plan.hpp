#pragma once

#include "smq/embedded/index.hpp"

#include <deque>
#include <unordered_map>
#include <unordered_set>

/// What the transactions of one window come to: every guard sees the mutations of the transactions before it.
namespace tidegate::smq::embedded {

/// A mutation that is checked and encoded already.
struct prepared_mutation {
  record what;
  std::vector<chunk_id> chunks;  // that the entry names
};

/// Checks names and sizes and encodes. Errors: a text, nothing may be applied. Thread: any.
std::string prepare(const std::vector<mutation>& mutations, std::uint64_t max_entry_bytes,
                    std::vector<prepared_mutation>& into);

class window_plan {
 public:
  /// `waits_for_a_name`: is this a chunk in memory that no entry names yet? `never_names_chunks`: see options.
  window_plan(const index& stored, std::function<bool(const chunk_id&)> waits_for_a_name,
              std::function<bool(std::string_view path)> never_names_chunks = {})
    : stored_(stored),
      waits_for_a_name_(std::move(waits_for_a_name)),
      never_names_chunks_(std::move(never_names_chunks)) {}

  /// All of the transaction or nothing. Outcomes: ok, conflict, refused.
  outcome add(const guard& condition, std::vector<prepared_mutation>&& mutations);

  /// Replay: the mutation was checked when it was written. Errors: a text.
  std::string replay(const record_view& what);

  std::deque<record> records;      // their places in memory do not change
  std::vector<chunk_id> claimed;   // in order of their names; this window stores their bytes
  std::vector<chunk_id> released;  // no entry names them any more

 private:
  using newest_map = std::unordered_map<std::string_view, const record*>;  // by the path in the record

  /// What a transaction changed in `newest_`, to take it back.
  struct undo {
    std::string_view path;
    const record* before;
  };

  [[nodiscard]] const record* newest(std::string_view path) const;
  [[nodiscard]] result<std::vector<chunk_id>> chunks_before(const std::string& path) const;
  outcome check(const guard& condition) const;
  outcome name_chunks(const prepared_mutation& m, std::vector<chunk_id>& claims, std::vector<chunk_id>& releases) const;
  void push(record&& what, std::vector<undo>& changes);
  void take_back(std::vector<undo>& changes);

  const index& stored_;
  std::function<bool(const chunk_id&)> waits_for_a_name_;
  std::function<bool(std::string_view path)> never_names_chunks_;
  newest_map newest_;
  std::unordered_set<chunk_id> claimed_set_;
};

}  // namespace tidegate::smq::embedded
