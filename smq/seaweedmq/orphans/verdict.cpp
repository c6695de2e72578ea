#include "smq/seaweedmq/orphans/verdict.hpp"

#include <algorithm>

namespace tidegate::smq::seaweedmq {

std::uint64_t cutoff_of(std::chrono::system_clock::time_point now, std::chrono::seconds older_than) {
  const auto since_1970 = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  return since_1970 > older_than ? static_cast<std::uint64_t>((since_1970 - older_than).count()) : 0;
}

judgement judge(const std::vector<needle_copy>& copies, const std::string& ours, std::uint64_t cutoff) {
  if (copies.empty()) return {verdict::doubtful, "no server has its volume"};
  for (const auto& one : copies)
    if (!one.what.is_ok() && one.what.code != status::absent)
      return {verdict::doubtful, one.server + ": " + one.what.reason};
  const auto has_it = [](const needle_copy& one) { return one.what.is_ok(); };
  const auto found = std::find_if(copies.begin(), copies.end(), has_it);
  if (found == copies.end()) return {verdict::gone, {}};
  // A server that was away while the chunk was deleted still has it, and another does not: that is one copy, no doubt.
  const auto& first = *found;
  const auto differs = [&first](const needle_copy& one) {
    return one.what.is_ok() && (one.cookie != first.cookie || one.crc != first.crc || one.mark != first.mark);
  };
  const auto is_young = [cutoff](const needle_copy& one) { return one.what.is_ok() && one.modified >= cutoff; };
  // An upload on its way is on one server before the other.
  if (std::any_of(copies.begin(), copies.end(), is_young)) return {verdict::young, {}};
  if (const auto other = std::find_if(copies.begin(), copies.end(), differs); other != copies.end())
    return {verdict::doubtful, first.server + " and " + other->server + " differ"};
  return {first.mark == ours && !ours.empty() ? verdict::orphan : verdict::foreign, {}};
}

}  // namespace tidegate::smq::seaweedmq
