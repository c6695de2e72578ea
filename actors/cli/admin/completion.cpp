#include "actors/cli/admin/completion.hpp"

#include "actors/cli/admin/cluster_groups.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>

namespace tidegate::cli {

namespace {

constexpr std::int64_t patience_ms = 2000;

constexpr std::string_view bash_script = R"(# tidegate completion bash > /etc/bash_completion.d/tidegate
_tidegate() {
  local line=${COMP_LINE:0:COMP_POINT} words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local IFS=$'\n'
  COMPREPLY=($("${words[0]/#\~/$HOME}" complete "${words[@]:1}" 2>/dev/null))
  # Bash takes what stands behind the last colon for the word.
  local last=${words[${#words[@]}-1]}
  if [[ $last == *:* && $COMP_WORDBREAKS == *:* ]]; then
    local before=${last%"${last##*:}"} i
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$before"}; done
  fi
}
complete -o default -F _tidegate tidegate
)";

constexpr std::string_view zsh_script = R"(#compdef tidegate
# tidegate completion zsh > "${fpath[1]}/_tidegate"
_tidegate() {
  local -a found
  found=("${(@f)$(${~words[1]} complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n ${found[1]} ]]; then compadd -- "${found[@]}"; else _files; fi
}
if [[ $funcstack[1] == _tidegate ]]; then _tidegate "$@"; else compdef _tidegate tidegate; fi
)";

constexpr std::string_view fish_script = R"(# tidegate completion fish > ~/.config/fish/completions/tidegate.fish
function __tidegate_complete
  set -l words (commandline -opc)
  $words[1] complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c tidegate -f -a '(__tidegate_complete)'
)";

/// The subcommand of that name that a user may type; nullptr when there is none.
const CLI::App* subcommand_of(const CLI::App& app, const std::string& name) {
  for (const auto* one : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!one->get_name().empty() && one->get_name() == name) return one;
  return nullptr;
}

/// Options of a command and of the groups of options in it.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  auto all = app.get_options();
  for (const auto* group : app.get_subcommands([](const CLI::App* one) { return one->get_name().empty(); }))
    std::ranges::copy(options_of(*group), std::back_inserter(all));
  return all;
}

const CLI::Option* option_of(const CLI::App& app, const std::string& name) {
  for (const auto* one : options_of(app))
    if (one->nonpositional() && one->check_name(name)) return one;
  return nullptr;
}

completion::names names_of(std::string_view what) {
  if (what == "topic") return completion::names::topics;
  if (what == "group") return completion::names::groups;
  return completion::names::none;
}

/// Of the options whose values are known beforehand.
std::vector<std::string> values_of(std::string_view option) {
  if (option == "--state") return group_states();
  if (option == "--acks") return {"-1", "1", "all"};
  if (option == "--mode") return {"simple"};
  return {};
}

void add_matching(std::vector<std::string>& to, const std::vector<std::string>& from, std::string_view begin) {
  for (const auto& one : from)
    if (one.starts_with(begin)) to.push_back(one);
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* one : options_of(app))
    for (const auto& name : one->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* one : app.get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); }))
    names.push_back(one->get_name());
  return names;
}

}  // namespace

completion complete(const CLI::App& program, const std::vector<std::string>& words) {
  completion found;
  if (words.empty()) return found;
  const auto* at = &program;
  const CLI::Option* waits = nullptr;  // an option whose value comes next
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (waits != nullptr) {
      waits = nullptr;
    } else if (words[i].starts_with("-")) {
      const auto* option = option_of(*at, words[i]);
      if (option != nullptr && option->get_items_expected_max() > 0) waits = option;
    } else if (const auto* next = subcommand_of(*at, words[i]); next != nullptr) {
      at = next;
    }
  }
  const auto& last = words.back();
  if (waits != nullptr) {
    const auto name = "--" + waits->get_lnames().front();
    found.live = names_of(name.substr(2));
    add_matching(found.words, values_of(name), last);
  } else if (last.starts_with("-")) {
    add_matching(found.words, option_names(*at), last);
  } else {
    add_matching(found.words, subcommand_names(*at), last);
    for (const auto* one : at->get_options())
      if (one->get_positional()) found.live = names_of(one->get_name(true));
    if (at->get_name() == "completion") add_matching(found.words, {"bash", "fish", "zsh"}, last);
  }
  std::ranges::sort(found.words);
  const auto repeated = std::ranges::unique(found.words);  // --help is everywhere
  found.words.erase(repeated.begin(), repeated.end());
  return found;
}

std::string option_value(const std::vector<std::string>& words, std::string_view option, std::string_view otherwise) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == option && i + 1 < words.size()) return words[i + 1];
    if (word.starts_with(option) && word.substr(option.size()).starts_with('='))
      return words[i].substr(option.size() + 1);
  }
  return std::string(otherwise);
}

bool is_plain(std::string_view name) {
  constexpr std::string_view others = "._-:@%+=,/";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.find(c) != others.npos;
  });
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "zsh") return zsh_script;
  return shell == "fish" ? fish_script : bash_script;
}

void print_completions(const CLI::App& program, const std::vector<std::string>& words) {
  auto found = complete(program, words);
  if (found.live != completion::names::none) try {
      const cluster_options defaults;
      cluster at({option_value(words, "--bootstrap", defaults.bootstrap), patience_ms,
                  option_value(words, "--command-config", "")});
      std::vector<std::string> names;
      if (found.live == completion::names::topics)
        for (auto& one : at.all_topics()) names.push_back(std::move(one.topic));
      else
        for (auto& one : list_groups(at, "")) names.push_back(std::move(one.group));
      std::erase_if(names, [](const std::string& one) { return !is_plain(one); });
      add_matching(found.words, names, words.back());
    } catch (const std::runtime_error&) {
      // No cluster, no names: a shell that completes is no place for complaints.
    }
  for (const auto& one : found.words) std::cout << one << '\n';
}

}  // namespace tidegate::cli
