#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::cli {

/// The text with what a terminal would obey (control characters) or not understand (bytes that are no UTF-8) as \xNN.
std::string printable(std::string_view text);

/// Rows below titles, in columns that are as wide as their widest cell. Cells may hold any bytes.
class text_table {
 public:
  /// A title that begins with ">" makes a column whose cells stand at the right, for numbers.
  explicit text_table(std::vector<std::string> titles);

  /// `cells`: as many as titles. An empty one is shown as "-".
  void add(std::vector<std::string> cells);

  [[nodiscard]] bool is_empty() const { return rows_.size() == 1; }

  /// One line for the titles and one per row, each behind `indent`, none with blanks at its end.
  void print(std::ostream& out, std::string_view indent = "") const;

 private:
  std::vector<bool> is_right_;
  std::vector<std::vector<std::string>> rows_;  // the titles first
};

}  // namespace tidegate::cli
