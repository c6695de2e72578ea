#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

namespace tidegate::core {

/// What many put in and somebody takes out, one piece of everybody in turn: whoever brings a thousand delays another by
/// one. First come, first served among the pieces of one owner. Memory: a row per owner that has some.
template <class T>
class fair_queue {
 public:
  void push(const std::string& owner, T piece) {
    const auto row = rows_.try_emplace(owner).first;
    row->second.push_back(std::move(piece));
    if (row->second.size() == 1) turns_.push_back(row);
  }

  /// There must be one. The turn is over when it is taken, so an owner that comes later is not behind the next one.
  T pop() {
    const auto row = turns_.front();
    turns_.pop_front();
    auto piece = std::move(row->second.front());
    row->second.pop_front();
    if (row->second.empty()) {
      rows_.erase(row);
    } else {
      turns_.push_back(row);
    }
    return piece;
  }

  [[nodiscard]] bool empty() const { return turns_.empty(); }

 private:
  using rows = std::map<std::string, std::deque<T>>;

  rows rows_;
  std::deque<typename rows::iterator> turns_;  // each of them once
};

}  // namespace tidegate::core
