#include "actors/handlers/topic_names.hpp"

#include "messages/common/utf8.hpp"
#include "smq/names.hpp"

namespace tidegate::actors::handlers {

std::string name_problem(std::string_view name) {
  if (smq::is_legal_topic_name(name)) return {};
  const std::string invalid = "Topic name is invalid: ";
  if (name.empty()) return invalid + "the empty string is not allowed";
  if (name == "." || name == "..") return invalid + "'" + std::string(name) + "' is not allowed";
  if (name.size() > smq::longest_topic_name)
    return invalid + "the length of '" + std::string(utf8_prefix(name, smq::longest_topic_name)) +
           "...' is longer than the max allowed length " + std::to_string(smq::longest_topic_name);
  return invalid + "'" + std::string(name) +
         "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
}

}  // namespace tidegate::actors::handlers
