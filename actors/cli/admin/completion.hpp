#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace tidegate::cli {

/// What a shell may put in place of an unfinished word.
struct completion {
  enum class names { none, topics, groups };
  std::vector<std::string> words;  // in order
  names live = names::none;        // what the cluster is to be asked for besides
};

/// `words`: what stands behind the program's name, the unfinished word (maybe "") last. The program's own description of
/// its commands and options is the source: nothing is listed twice.
completion complete(const CLI::App& program, const std::vector<std::string>& words);

/// The value that the words give an option; `otherwise` when they do not.
std::string option_value(const std::vector<std::string>& words, std::string_view option, std::string_view otherwise);

/// Whether a shell takes the name as it is. Others are not offered: they would run what they say.
bool is_plain(std::string_view name);

/// The script that makes a shell ask `tidegate complete`. `shell`: bash, zsh or fish.
std::string_view completion_script(std::string_view shell);

/// `tidegate complete WORD…`: prints what a shell may put in place of the last word, one a line. Asks the cluster of
/// the words' --bootstrap for names, for at most two seconds, and says nothing when it does not answer.
void print_completions(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace tidegate::cli
