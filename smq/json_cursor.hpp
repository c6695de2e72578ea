#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::smq {

/// Reads JSON that others wrote, front to back and without a tree, so that what is not known may stay as it is. Every
/// function skips blanks first, and answers false (or nullopt) at the first thing that is not as it must be.
class json_cursor {
 public:
  explicit json_cursor(std::string_view text) : rest_(text) {}

  bool take(char wanted);
  bool at_end();
  /// Without fraction and exponent.
  std::optional<std::int64_t> integer();
  std::optional<std::string> string();
  /// Of any kind, at most 64 deep.
  bool skip_value(int depth = 0);

  /// Bytes that are not read yet.
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  void skip_blanks();
  bool skip_number();
  bool skip_list(char open, char close, int depth);
  std::optional<std::uint32_t> four_hex();
  bool unicode_escape(std::string& out);
  bool escape(std::string& out);

  std::string_view rest_;
};

}  // namespace tidegate::smq
