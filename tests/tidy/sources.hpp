#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tidegate::tidy {

struct source {
  std::string path;  // relative to the root
  std::vector<std::string> lines;
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

inline std::vector<source> sources_below(const std::vector<std::string>& folders,
                                         const std::vector<std::string>& extensions = {".cpp", ".hpp"}) {
  std::vector<source> all;
  const std::filesystem::path root = TIDEGATE_SOURCE_DIR;
  for (const auto& folder : folders) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(root / folder)) {
      bool wanted = false;
      for (const auto& extension : extensions) wanted |= file.path().extension() == extension;
      source s{std::filesystem::relative(file.path(), root).string(), {}};
      if (!wanted || s.path.find("/target/") != std::string::npos) continue;
      std::ifstream in(file.path());
      for (std::string line; std::getline(in, line);) s.lines.push_back(line);
      all.push_back(std::move(s));
    }
  }
  return all;
}

/// The line without its comment and with what stands in quotes taken out.
inline std::string code_of(const std::string& line) {
  std::string code;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\')
        ++i;
      else if (c == quote)
        quote = 0;
      continue;
    }
    if (c == '/' && i + 1 < line.size() && line[i + 1] == '/') break;
    const bool is_digit_separator = c == '\'' && i > 0 && std::isxdigit(static_cast<unsigned char>(line[i - 1])) != 0;
    if (c == '"' || (c == '\'' && !is_digit_separator)) {
      quote = c;
      continue;
    }
    code += c;
  }
  return code;
}

}  // namespace tidegate::tidy
