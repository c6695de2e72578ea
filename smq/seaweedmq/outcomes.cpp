#include "smq/seaweedmq/outcomes.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace tidegate::smq::seaweedmq {

namespace {

// The whole text: with something around it, it may be about another entry than the one that we asked for.
constexpr std::string_view no_such_entry = "filer: no entry is found in filer store";

std::string text_of(const grpc::Status& answer) {
  return "gRPC status " + std::to_string(static_cast<int>(answer.error_code())) + ": " + answer.error_message();
}

/// "mutation 3: why" -> 3 and "why".
std::optional<std::size_t> failed_mutation(std::string_view error, std::string_view& why) {
  constexpr std::string_view before = "mutation ";
  if (!error.starts_with(before)) return std::nullopt;
  error.remove_prefix(before.size());
  std::size_t index = 0;
  const auto parsed = std::from_chars(error.data(), error.data() + error.size(), index);
  if (parsed.ec != std::errc{}) return std::nullopt;
  error.remove_prefix(static_cast<std::size_t>(parsed.ptr - error.data()));
  if (!error.starts_with(": ")) return std::nullopt;
  why = error.substr(2);
  return index;
}

/// The filer checks these before it changes anything. Other errors may come after the entry is in the store: parent
/// directories are made after the entry, and a store that reports an error may have kept the change.
bool failed_before_any_change(std::string_view why) {
  return why == "entry name too long" || why == "read only" || why.ends_with(": existing entry is a directory") ||
         why.ends_with(": existing entry is a file");
}

}  // namespace

outcome read_outcome(const grpc::Status& answer) {
  const bool is_absent = answer.error_code() == grpc::StatusCode::UNKNOWN && answer.error_message() == no_such_entry;
  return {is_absent ? status::absent : status::unknown, text_of(answer), 0};
}

outcome write_outcome(const grpc::Status& answer, const std::string& error, bool is_precondition_failed) {
  // Not even the handler was reached: a filer older than ours.
  if (answer.error_code() == grpc::StatusCode::UNIMPLEMENTED) return {status::refused, text_of(answer), 0};
  if (!answer.ok()) return {status::unknown, text_of(answer), 0};
  if (is_precondition_failed) return {status::conflict, error, 0};
  if (error.empty()) return {};
  std::string_view why;
  const auto index = failed_mutation(error, why);
  if (!index || !failed_before_any_change(why)) return {status::unknown, error, 0};
  return {*index > 0 ? status::partial : status::refused, error, *index};
}

}  // namespace tidegate::smq::seaweedmq
