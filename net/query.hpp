#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::net {

/// The fields of an URL's query, e.g. "topic=a%20b&partition=3"; "+" is a blank. Nothing when it is none: a field
/// without "=", a field twice, a wrong escape.
std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view query);

}  // namespace tidegate::net
