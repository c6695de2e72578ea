#pragma once

#include "smq/ports.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// An entry port in memory that answers at once. `script` says what goes wrong with the next transactions.
namespace tidegate::smq {

class topics_memory_port : public entry_port {
 public:
  struct fault {
    status answer = status::unknown;
    std::size_t applied = 0;  // so many mutations are applied first, if the guard holds
  };

  std::map<std::string, entry> tree;
  std::deque<fault> script;
  std::deque<outcome> read_faults;  // of the next get, get_many or list
  std::function<void()> before_transact;
  std::optional<list_page> next_list;  // answered instead of the truth: an old page
  std::size_t transactions = 0;

  void get(const std::string& path, time_point, completion<result<entry>> done) override {
    if (auto failure = next_read_fault()) return done({*failure, {}});
    done(find(path));
  }

  void get_many(std::vector<std::string> paths, time_point,
                completion<result<std::vector<result<entry>>>> done) override {
    if (auto failure = next_read_fault()) return done({*failure, {}});
    std::vector<result<entry>> answers;
    for (const auto& path : paths) answers.push_back(find(path));
    done({{}, std::move(answers)});
  }

  void list(const std::string& directory, const std::string& after, std::size_t limit, bool, time_point,
            completion<result<list_page>> done) override {
    if (auto failure = next_read_fault()) return done({*failure, {}});
    if (next_list) return done({{}, *std::exchange(next_list, std::nullopt)});
    list_page page;
    for (auto it = tree.upper_bound(directory + "/" + after); it != tree.end(); ++it) {
      if (!it->first.starts_with(directory + "/")) break;
      if (it->first.find('/', directory.size() + 1) != std::string::npos) continue;
      if (page.entries.size() == limit) {
        page.more = true;
        break;
      }
      page.entries.push_back(it->second);
    }
    done({{}, std::move(page)});
  }

  void transact(guard condition, mutation_list mutations, time_point, completion<outcome> done) override {
    ++transactions;
    if (before_transact) std::exchange(before_transact, nullptr)();
    std::optional<fault> planned;
    if (!script.empty()) {
      planned = script.front();
      script.pop_front();
    }
    if (planned && planned->answer == status::refused) return done({status::refused, "planned", 0});
    auto found = tree.find(condition.path);
    auto current = found == tree.end() ? std::nullopt : std::optional(found->second.content);
    const bool holds = current == condition.expected;
    const auto wanted = planned ? planned->applied : mutations.size();
    const auto count = holds ? std::min(wanted, mutations.size()) : std::size_t{0};
    for (std::size_t i = 0; i < count; ++i) apply(mutations[i]);
    if (planned) return done({planned->answer, "planned", count});
    done({holds ? status::ok : status::conflict, {}, count});
  }

  void remove_tree(const std::string& directory, time_point, completion<outcome> done) override {
    std::erase_if(tree, [&](const auto& e) { return e.first == directory || e.first.starts_with(directory + "/"); });
    done({});
  }

  void apply(const mutation& m) {
    if (m.what == mutation::kind::put) {
      tree[m.target.path] = m.target;
    } else {
      tree.erase(m.target.path);
    }
  }

 private:
  std::optional<outcome> next_read_fault() {
    if (read_faults.empty()) return std::nullopt;
    auto failure = read_faults.front();
    read_faults.pop_front();
    if (failure.is_ok()) return std::nullopt;
    return failure;
  }

  result<entry> find(const std::string& path) const {
    auto found = tree.find(path);
    if (found == tree.end()) return {{status::absent, {}, 0}, {}};
    return {{}, found->second};
  }
};

namespace topics_testing {

inline uuid test_id(unsigned char last) {
  uuid id;
  id.bytes[15] = std::byte{last};
  return id;
}

inline std::string to_hex(std::string_view bytes) {
  constexpr auto digits = "0123456789abcdef";
  std::string out;
  for (char c : bytes) {
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

}  // namespace topics_testing

}  // namespace tidegate::smq
