#pragma once

#include <boost/json.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::cli {

/// A JSON string, whatever the bytes are.
boost::json::string json_text(std::string_view text);

/// A number, or null.
inline boost::json::value json_number(const std::optional<std::int64_t>& number) {
  return number ? boost::json::value(*number) : boost::json::value(nullptr);
}

/// The one document of a command: {"KEY":[element, …]}, one element per line. It is kept as text and written at its
/// end, so that a command that fails half-way prints no half document.
class json_list {
 public:
  explicit json_list(std::string_view key);
  void add(const boost::json::object& element);
  void print(std::ostream& out) const;

 private:
  std::string text_;
  bool is_first_ = true;
};

}  // namespace tidegate::cli
