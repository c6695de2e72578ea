#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace tidegate::core {

/// '.' and '_' are one character in names of metrics: Kafka makes no topic whose name differs from another one's in
/// nothing else. Finds these without a look at all the others.
class similar_names {
 public:
  void add(const std::string& name) {
    if (may_collide(name)) names_[in_metrics(name)].insert(name);
  }

  void remove(const std::string& name) {
    const auto like_it = names_.find(in_metrics(name));
    if (like_it == names_.end()) return;
    like_it->second.erase(name);
    if (like_it->second.empty()) names_.erase(like_it);
  }

  /// Another name like this one, of those for which `counts` is true.
  template <class Predicate>
  [[nodiscard]] std::optional<std::string> other_than(const std::string& name, Predicate counts) const {
    const auto like_it = names_.find(in_metrics(name));
    if (like_it == names_.end()) return std::nullopt;
    const auto& all = like_it->second;
    const auto other = std::ranges::find_if(all, [&](const std::string& one) { return one != name && counts(one); });
    return other == all.end() ? std::nullopt : std::optional{*other};
  }

  [[nodiscard]] std::optional<std::string> other_than(const std::string& name) const {
    return other_than(name, [](const std::string&) { return true; });
  }

 private:
  static bool may_collide(const std::string& name) { return name.find_first_of("._") != std::string::npos; }

  static std::string in_metrics(std::string name) {
    std::ranges::replace(name, '.', '_');
    return name;
  }

  std::unordered_map<std::string, std::set<std::string>> names_;  // by what they are in metrics
};

}  // namespace tidegate::core
