#define CAF_SUITE functions
// Rules about the shape of code, by counting brackets.
#include "tests/tidy/sources.hpp"

#include "caf/test/unit_test.hpp"

#include <regex>

using namespace tidegate::tidy;

namespace {

constexpr std::size_t max_function_lines = 60;

/// Names every block of more than 60 lines that is a function, a lambda or a statement: its brace follows a ")".
std::vector<std::string> long_functions(const source& file) {
  static const std::regex begins_code("\\)[^(){};=]*\\{$|\\)[^{}]*\\{$");
  static const std::regex type("^ *(template.*)?(namespace|struct|class|union|enum|extern)\\b[^()]*$");
  struct block {
    std::size_t line;
    bool is_code;
  };
  std::vector<block> open;
  std::vector<std::string> found;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const auto code = code_of(file.lines[i]);
    for (std::size_t at = 0; at < code.size(); ++at) {
      if (code[at] == '{') {
        const auto before = code.substr(0, at + 1);
        open.push_back({i, std::regex_search(before, begins_code) && !std::regex_search(before, type)});
      } else if (code[at] == '}' && !open.empty()) {
        const auto length = i - open.back().line + 1;
        if (open.back().is_code && length > max_function_lines)
          found.push_back(file.path + ":" + std::to_string(open.back().line + 1) + " has " + std::to_string(length) +
                          " lines");
        open.pop_back();
      }
    }
  }
  if (!open.empty()) found.push_back(file.path + ": brackets do not match");
  return found;
}

/// Every call of `.then(` in the text that has no second argument, as a line number.
std::vector<std::size_t> thens_without_error_handler(const source& file) {
  std::string text;
  for (const auto& line : file.lines) text += code_of(line) + '\n';
  std::vector<std::size_t> found;
  const std::string call = ".then(";
  for (auto at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
    std::size_t depth = 1;
    std::size_t commas = 0;
    for (auto i = at + call.size(); i < text.size() && depth > 0; ++i) {
      if (text[i] == '(' || text[i] == '[' || text[i] == '{') ++depth;
      if (text[i] == ')' || text[i] == ']' || text[i] == '}') --depth;
      commas += depth == 1 && text[i] == ',';
    }
    if (commas == 0)
      found.push_back(1 + static_cast<std::size_t>(
                            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')));
  }
  return found;
}

source file_of(const std::string& text) {
  source file{"example", {}};
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) file.lines.push_back(line);
  return file;
}

}  // namespace

CAF_TEST(functions stay under 60 lines) {
  for (const auto& file : sources_below({"messages", "net", "smq", "actors", "tests"}))
    for (const auto& problem : long_functions(file)) CAF_ERROR(problem);
}

CAF_TEST(every then has two handlers) {
  for (const auto& file : sources_below({"actors"}))
    for (const auto line : thens_without_error_handler(file))
      CAF_ERROR(file.path << ":" << line << " has no handler for errors");
}

CAF_TEST(the counting finds what it is for) {
  std::string body;
  for (std::size_t i = 0; i < max_function_lines; ++i) body += "  f();\n";
  CAF_CHECK_EQUAL(long_functions(file_of("int f(int a) const {\n" + body + "}\n")).size(), 1u);
  CAF_CHECK_EQUAL(long_functions(file_of("auto g = [x = 1](int) {\n" + body + "};\n")).size(), 1u);
  CAF_CHECK_EQUAL(long_functions(file_of("struct s {\n" + body + "};\nnamespace {\n" + body + "}\n")).size(), 0u);
  CAF_CHECK_EQUAL(long_functions(file_of("void f() {\n  g(\"}\", '{');  // }\n}\n")).size(), 0u);
  CAF_CHECK_EQUAL(long_functions(file_of("void f() {\n")).size(), 1u);
  CAF_CHECK_EQUAL(thens_without_error_handler(file_of("x.then([a, b](int c, int d) { f(c, d); });\n")).size(), 1u);
  CAF_CHECK_EQUAL(thens_without_error_handler(file_of("x.then([](int) {\n}, [](int) {});\n")).size(), 0u);
}
