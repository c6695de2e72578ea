#pragma once

#include "smq/fencing/formats.hpp"
#include "smq/ports.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::smq::test {

enum class fault : std::uint8_t {
  none,
  refused,
  partial,  // a prefix is applied, and said so
  unknown_applied,
  unknown_lost,
  unknown_prefix,
  unknown_late,  // applied whenever `deliver_late` is called
  duplicated,    // ok, and the same once more at `deliver_late`
};

/// Entries in a map, one thread, and an outcome for every transaction as the test says. Calls wait in `pending` until
/// the test runs them, or, with `immediate`, complete before they return.
class memory_engine : public entry_port {
 public:
  std::map<std::string, entry> entries;
  std::deque<std::pair<fault, std::size_t>> script;  // for the next transactions; the number: how long a prefix is
  int failing_gets = 0;
  bool immediate = false;
  std::function<bool(const mutation&)> refuses = [](const mutation&) { return false; };  // before anything is done
  std::function<bool(const mutation&)> fails = [](const mutation&) { return false; };    // when its turn comes
  std::deque<std::function<void()>> pending;
  std::deque<std::function<void()>> late;
  std::vector<std::vector<std::string>> transactions;  // the paths of each, as they were sent

  void get(const std::string& path, time_point, completion<result<entry>> done) override {
    enqueue([this, path, done = std::move(done)] {
      if (failing_gets > 0) {
        --failing_gets;
        return done({{status::unknown, "no answer", 0}, {}});
      }
      auto it = entries.find(path);
      if (it == entries.end()) return done({{status::absent, "", 0}, {}});
      done({{}, it->second});
    });
  }

  void get_many(std::vector<std::string>, time_point, completion<result<std::vector<result<entry>>>> done) override {
    done({{status::refused, "not here", 0}, {}});
  }

  void list(const std::string&, const std::string&, std::size_t, bool, time_point,
            completion<result<list_page>> done) override {
    done({{status::refused, "not here", 0}, {}});
  }

  void transact(guard condition, mutation_list mutations, time_point, completion<outcome> done) override {
    std::vector<std::string> paths;
    for (const auto& m : mutations) paths.push_back(m.target.path);
    transactions.push_back(std::move(paths));
    enqueue([this, condition = std::move(condition), mutations = std::move(mutations), done = std::move(done)] {
      std::pair<fault, std::size_t> next{fault::none, 0};
      if (!script.empty()) {
        next = script.front();
        script.pop_front();
      }
      done(run(condition, mutations, next.first, next.second));
    });
  }

  void remove_tree(const std::string&, time_point, completion<outcome> done) override {
    done({status::refused, "not here", 0});
  }

  bool run_one() {
    if (pending.empty()) return false;
    auto call = std::move(pending.front());
    pending.pop_front();
    call();
    return true;
  }

  bool deliver_late() {
    if (late.empty()) return false;
    auto call = std::move(late.front());
    late.pop_front();
    call();
    return true;
  }

  [[nodiscard]] std::optional<std::string> content(const std::string& path) const {
    auto it = entries.find(path);
    return it == entries.end() ? std::nullopt : std::optional{it->second.content};
  }

 private:
  void enqueue(std::function<void()> call) {
    if (immediate)
      call();
    else
      pending.push_back(std::move(call));
  }

  outcome apply(const guard& condition, const mutation_list& mutations, std::size_t count) {
    if (content(condition.path) != condition.expected) return {status::conflict, "", 0};
    for (const auto& m : mutations)
      if (refuses(m)) return {status::refused, "a bad entry", 0};
    for (std::size_t i = 0; i < std::min(count, mutations.size()); ++i) {
      const auto& target = mutations[i].target;
      if (fails(mutations[i])) return {i == 0 ? status::refused : status::partial, "read only", i};
      if (mutations[i].what == mutation::kind::put)
        entries[target.path] = target;
      else
        entries.erase(target.path);
    }
    return {};
  }

  outcome run(const guard& condition, const mutation_list& mutations, fault how, std::size_t prefix) {
    auto all = mutations.size();
    auto part = std::min(prefix, all - 1);  // without the fence
    switch (how) {
      case fault::none:
        return apply(condition, mutations, all);
      case fault::refused:
        return {status::refused, "the disk is full", 0};
      case fault::partial: {
        auto what = apply(condition, mutations, part);
        return what.is_ok() ? outcome{status::partial, "", part} : what;
      }
      case fault::unknown_applied:
        apply(condition, mutations, all);
        break;
      case fault::unknown_lost:
        break;
      case fault::unknown_prefix:
        apply(condition, mutations, part);
        break;
      case fault::unknown_late:
        late.push_back([=, this] { apply(condition, mutations, all); });
        break;
      case fault::duplicated:
        late.push_back([=, this] { apply(condition, mutations, all); });
        return apply(condition, mutations, all);
    }
    return {status::unknown, "timed out", 0};
  }
};

/// 1, 2, 3, …: what is never used twice in one test.
inline uuid_source counting_uuids() {
  return [n = std::make_shared<std::uint32_t>(0)] {
    uuid id;
    ++*n;
    for (std::size_t i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<std::byte>(*n >> (8 * i) & 0xff);
    return id;
  };
}

inline uuid id_of(std::uint8_t first) {
  uuid id;
  id.bytes[0] = std::byte{first};
  return id;
}

inline mutation put(std::string path, std::string content) {
  return {mutation::kind::put, {std::move(path), std::move(content), {}, {}}};
}

}  // namespace tidegate::smq::test
