#pragma once

#include "smq/seaweedmq/http/store_parts.hpp"

#include <set>

namespace tidegate::smq::seaweedmq {

/// One range of one chunk, from one server after the other. Thread: the loop's.
class get_operation : public std::enable_shared_from_this<get_operation> {
 public:
  /// `position` + `count` does not overflow.
  get_operation(store_parts& parts, file_id id, std::uint64_t position, std::uint64_t count, time_point deadline,
                completion<result<shared_bytes>> done);

  void start();

 private:
  void find(bool fresh);
  void on_found(bool fresh, const locations& found);
  [[nodiscard]] bool is_proven_absent(const std::vector<std::string>& servers) const;
  void ask_next();
  void judge(const std::string& server, const http_result& got);
  /// ok or refused when the answer settles the matter, else nullopt and `reason_`.
  std::optional<outcome> settled_by(const http_response& got);
  void finish(outcome what, shared_bytes bytes = {});

  store_parts& parts_;
  file_id id_;
  std::uint64_t position_;
  std::uint64_t count_;
  time_point deadline_;
  completion<result<shared_bytes>> done_;
  std::unique_ptr<loop_timer> alarm_;  // while a lookup runs
  unsigned lookups_ = 0;
  std::vector<std::string> todo_;
  std::set<std::string> without_it_;  // servers that said 404
  std::set<std::string> failed_;      // servers that said nothing of use
  std::string reason_;
  bool is_inside_ = false;  // of the gate
};

}  // namespace tidegate::smq::seaweedmq
