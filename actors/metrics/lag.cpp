#include "actors/metrics/lag.hpp"

#include <iterator>

namespace tidegate::actors {

void bounded_lags::add(const std::string& group, const std::string& topic, std::int64_t lag) {
  rows_.emplace(-lag, group, topic);
  if (rows_.size() <= limit_) return;
  const auto last = std::prev(rows_.end());
  others_ -= std::get<0>(*last);
  has_others_ = true;
  rows_.erase(last);
}

void group_list::add(group_row row) {
  auto name = row.group;
  rows.insert_or_assign(std::move(name), std::move(row));
  if (rows.size() <= most) return;
  rows.erase(std::prev(rows.end()));
  ++left_out;
}

lag_rows bounded_lags::take() const {
  lag_rows all;
  for (const auto& [lag, group, topic] : rows_) all[{group, topic}] = -lag;
  if (has_others_) all[{topic_metrics::other, topic_metrics::other}] += others_;
  return all;
}

std::shared_ptr<lag_round> lag_round::begin(const std::shared_ptr<lag_board>& board,
                                            std::shared_ptr<const topic_metrics> topics, std::size_t limit) {
  {
    const std::lock_guard lock{board->mutex};
    if (std::exchange(board->is_asked, true)) return nullptr;
  }
  return std::shared_ptr<lag_round>(new lag_round(board, std::move(topics), limit));
}

lag_round::~lag_round() {
  auto found = found_.take();
  const std::lock_guard lock{board_->mutex};
  board_->rows.swap(found);
  std::swap(board_->groups, groups_);
  board_->is_asked = false;
}

void lag_round::add(const std::string& group, const std::string& topic, std::int64_t lag) {
  const std::lock_guard lock{mutex_};
  found_.add(group, topic, lag);
}

void lag_round::add(group_row row) {
  const std::lock_guard lock{mutex_};
  groups_.add(std::move(row));
}

}  // namespace tidegate::actors
