#pragma once

#include "smq/embedded/index.hpp"

#include <unordered_set>

/// What the transactions of one window come to: every guard sees the mutations of the transactions before it.
namespace tidegate::smq::embedded {

/// A mutation that is checked and encoded already.
struct prepared_mutation {
  record_view what;
  std::vector<chunk_id> chunks;  // that the entry names
};

/// A transaction whose records are views: paths into `source`, values into `values`.
struct prepared_transaction {
  std::vector<prepared_mutation> mutations;
  mutation_list source;
  std::unique_ptr<std::string> values;
};

/// Checks names and sizes and encodes. Errors: a text, nothing may be applied. Thread: any.
std::string prepare(mutation_list mutations, std::uint64_t max_entry_bytes, prepared_transaction& into);

class window_plan {
 public:
  /// `waits_for_a_name`: is this a chunk in memory that no entry names yet? `never_names_chunks`: see options.
  window_plan(const index& stored, std::function<bool(const chunk_id&)> waits_for_a_name,
              std::function<bool(std::string_view path)> never_names_chunks = {})
    : stored_(stored),
      waits_for_a_name_(std::move(waits_for_a_name)),
      never_names_chunks_(std::move(never_names_chunks)) {}

  /// All of the transaction or nothing; it must outlive the plan's records. Outcomes: ok, conflict, refused.
  outcome add(const guard& condition, const std::vector<prepared_mutation>& mutations);

  /// Replay: the mutation was checked when it was written. Errors: a text.
  std::string replay(const record_view& what);

  std::vector<record_view> records;
  std::vector<chunk_id> claimed;   // in order of their names; this window stores their bytes
  std::vector<chunk_id> released;  // no entry names them any more

 private:
  // By path: which record. Not of entries that never name chunks: hardly anybody asks for them, and they are many.
  using newest_map = boost::unordered_flat_map<std::string_view, std::size_t, text_hash>;

  /// What a transaction changed, to take it back.
  struct undo {
    struct change {
      std::string_view path;
      std::optional<std::size_t> before;
    };
    std::size_t records = 0;
    std::vector<change> newest;
  };

  [[nodiscard]] const record_view* newest(std::string_view path) const;
  [[nodiscard]] result<std::vector<chunk_id>> chunks_before(std::string_view path) const;
  outcome check(const guard& condition) const;
  outcome name_chunks(const prepared_mutation& m, std::vector<chunk_id>& claims, std::vector<chunk_id>& releases) const;
  [[nodiscard]] bool is_plain(std::string_view path) const { return never_names_chunks_ && never_names_chunks_(path); }
  void push(const record_view& what, std::vector<undo::change>& changes);
  void take_back(const undo& transaction);

  const index& stored_;
  std::function<bool(const chunk_id&)> waits_for_a_name_;
  std::function<bool(std::string_view path)> never_names_chunks_;
  newest_map newest_;
  std::unordered_set<chunk_id> claimed_set_;
};

}  // namespace tidegate::smq::embedded
