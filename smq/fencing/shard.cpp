#include "smq/fencing/shard.hpp"

#include "smq/counters.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr const char* fenced_reason = "this incarnation lost its fence";

}  // namespace

std::shared_ptr<shard> shard::make(entry_port& entries, std::string path, fence current, shard_options options) {
  assert(options.after && options.random && options.now);
  return std::shared_ptr<shard>(new shard(entries, std::move(path), std::move(current), std::move(options)));
}

shard::shard(entry_port& entries, std::string path, fence current, shard_options options)
  : entries_(entries),
    path_(std::move(path)),
    options_(std::move(options)),
    answered_at_(options_.now()),
    current_(std::move(current)),
    current_content_(encode(current_)),
    backoff_(options_.first_backoff) {}

// Changes the state under the mutex, then runs what the change asked for without it. A call from inside such an action,
// or from another thread meanwhile, only leaves its actions behind: no recursion, and answers keep their order. Half of a
// change would hold up every later write: without memory for it the process ends.
template <class F>
void shard::locked(F change) noexcept {
  auto self = shared_from_this();
  std::unique_lock lock{mutex_};
  change();
  if (acting_) return;
  acting_ = true;
  while (!actions_.empty()) {
    auto batch = std::exchange(actions_, {});
    lock.unlock();
    for (auto& action : batch) action();
    batch.clear();
    lock.lock();
  }
  acting_ = false;
}

void shard::answer(write_unit& unit, write_result code, std::string reason) {
  later([done = std::move(unit.done), code, reason = std::move(reason)]() mutable {
    if (done) done({code, std::move(reason)});
  });
}

void shard::open(const std::string& owner, completion<std::uint64_t> done) {
  locked([&] {
    if (auto it = owners_.find(owner); it != owners_.end()) drop_session(owner, it->second.number);
    auto number = ++last_number_;
    if (!stopped_) owners_[owner].number = number;
    when_settled(owner, [done = std::move(done), number] { done(number); });
  });
}

void shard::write(const std::string& owner, std::uint64_t number, std::vector<mutation> mutations, write_class priority,
                  completion<write_answer> done) {
  write_unit unit{owner, number, nullptr, size_of(mutations), new_chunk_bytes_of(mutations), false, std::move(done)};
  auto problem = why_not(mutations);
  unit.mutations = std::make_shared<const std::vector<mutation>>(std::move(mutations));
  locked([&] {
    if (fenced_) return answer(unit, write_result::fenced, fenced_reason);
    auto it = owners_.find(owner);
    if (it == owners_.end() || it->second.number != number)
      return answer(unit, write_result::not_written, "the session is closed");
    if (problem) return answer(unit, write_result::refused, *problem);
    // While the store is away its callers give up and try again: without a bound the queue would eat the memory. A unit
    // that is larger than the bound waits alone, or it could never be written.
    if (queued_bytes_ > 0 && queued_bytes_ + unit.bytes > options_.max_queued_bytes)
      return answer(unit, write_result::refused, "too many writes wait for the store");
    // A commit may overtake other owners' bulk writes, never its own.
    auto& state = it->second;
    ++state.queued;
    queued_bytes_ += unit.bytes;
    if (priority == write_class::bulk || state.queued_bulk > 0) {
      ++state.queued_bulk;
      bulk_.push_back(std::move(unit));
    } else {
      commits_.push_back(std::move(unit));
    }
    begin_window();
  });
}

void shard::close(const std::string& owner, std::uint64_t number, std::function<void()> settled) {
  locked([&] {
    drop_session(owner, number);
    when_settled(owner, std::move(settled));
  });
}

void shard::stop() {
  locked([&] {
    stopped_ = true;
    drop_all(write_result::not_written, "the store is stopped");
  });
}

void shard::mark_fenced() {
  locked([&] { fence_off(fence_loss::taken); });
}

bool shard::is_fenced() const {
  std::lock_guard lock{mutex_};
  return fenced_;
}

std::chrono::milliseconds shard::undecided_for() const {
  const time_point began = window_began_;
  if (began == time_point::max()) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(options_.now() - began);
}

std::chrono::milliseconds shard::unanswered_for() const {
  if (options_.look_every.count() == 0) return {};
  const time_point last = answered_at_;
  return std::chrono::duration_cast<std::chrono::milliseconds>(options_.now() - last);
}

void shard::drop_session(const std::string& owner, std::uint64_t number) {
  auto it = owners_.find(owner);
  if (it == owners_.end() || it->second.number != number) return;
  if (it->second.queued > 0) {
    for (auto* queue : {&alone_, &commits_, &bulk_}) {
      std::erase_if(*queue, [&](write_unit& unit) {
        if (unit.session != number) return false;
        queued_bytes_ -= unit.bytes;
        answer(unit, write_result::not_written, "the session is closed");
        return true;
      });
    }
  }
  owners_.erase(it);
}

void shard::drop_all(write_result code, const std::string& reason) {
  for (auto* queue : {&alone_, &commits_, &bulk_}) {
    for (auto& unit : *queue) answer(unit, code, reason);
    queue->clear();
  }
  queued_bytes_ = 0;
  owners_.clear();
}

void shard::when_settled(const std::string& owner, std::function<void()> settled) {
  auto is_owners = [&](const write_unit& unit) { return unit.owner == owner; };
  if (window_ && std::any_of(window_->units.begin(), window_->units.end(), is_owners))
    settle_.push_back(std::move(settled));
  else
    later(std::move(settled));
}

void shard::fence_off(fence_loss why) {
  if (fenced_) return;
  fenced_ = true;
  counted.fences_lost.add();
  drop_all(write_result::fenced, fenced_reason);
  // After stop() nobody needs to be told: the process is ending anyway.
  if (!stopped_) later([tell = options_.on_fenced, why] { tell(why); });
}

fence shard::next_fence(const fence& from) const {
  return {from.incarnation, from.epoch, from.seq + 1, options_.random(), {}};
}

void shard::renew_fence(write_window& window) const {
  window.after = next_fence(current_);
  window.after_content = encode(window.after);
}

void shard::send() {
  auto& window = *window_;
  ++window.attempts;
  auto mutations = window.burn ? mutation_list{} : mutations_of(window);
  const auto& advanced = window.burn ? window.burn_content : window.after_content;
  mutation last{mutation::kind::put, {path_, advanced, {}, {}}};
  mutations.add(std::make_shared<const std::vector<mutation>>(1, std::move(last)));
  auto step = ++step_;
  later([this, step, condition = guard{path_, window.before}, mutations = std::move(mutations)]() mutable {
    entries_.transact(std::move(condition), std::move(mutations), options_.now() + options_.port_timeout,
                      [self = shared_from_this(), step](outcome what) {
                        self->locked([&] {
                          if (step == self->step_) self->on_sent(what);
                        });
                      });
  });
}

void shard::on_sent(const outcome& what) {
  switch (what.code) {
    case status::ok:
      return finish(window_->burn ? verdict::burned : verdict::applied);
    case status::refused:
      if (window_->burn) return read_fence();
      // Only this attempt is known to have changed nothing: an earlier one may still arrive.
      return window_->attempts == 1 && !window_->has_prefix ? on_refused(what.reason) : burn();
    case status::partial:
      return on_partial(what);
    case status::absent:
    case status::conflict:
    case status::unknown:
      window_->in_doubt = true;
      return read_fence();
  }
}

void shard::read_fence() {
  auto step = ++step_;
  later([this, step] {
    entries_.get(path_, options_.now() + options_.port_timeout, [self = shared_from_this(), step](result<entry> what) {
      self->locked([&] {
        if (step == self->step_) self->on_read(what);
      });
    });
  });
}

void shard::on_read(const result<entry>& what) {
  if (!what.is_ok() && what.what.code != status::absent) return try_again(&shard::read_fence);
  auto how = judge(*window_, what.is_ok() ? std::optional{what.value.content} : std::nullopt);
  if (how != verdict::pending) return finish(how);
  if (!window_->burn && window_->attempts >= options_.max_attempts) return burn();
  try_again(&shard::send);
}

void shard::look() {
  locked([&] {
    if (window_ || fenced_ || stopped_) return;
    later([this, self = shared_from_this(), last = current_content_] {
      entries_.get(path_, options_.now() + options_.port_timeout, [self, last](const result<entry>& what) {
        self->locked([&] { self->on_look(last, what); });
      });
    });
  });
}

void shard::on_look(const std::string& last, const result<entry>& what) {
  if (!what.is_ok() && what.what.code != status::absent) return;
  answered_at_ = options_.now();
  // A write that began meanwhile finds out by itself.
  if (window_ || fenced_ || current_content_ != last) return;
  write_window nothing;
  nothing.before = last;
  renew_fence(nothing);
  const auto how = judge(nothing, what.is_ok() ? std::optional{what.value.content} : std::nullopt);
  if (how == verdict::pending) return;
  fence_off(how == verdict::rewound ? fence_loss::rewound : how == verdict::gone ? fence_loss::gone : fence_loss::taken);
}

void shard::try_again(void (shard::*step)()) {
  if (stopped_) return finish_fenced(*window_, false, fence_loss::taken, "stopped before the outcome was known");
  auto delay = backoff_;
  backoff_ = std::min(backoff_ * 2, options_.max_backoff);
  auto number = ++step_;
  later([this, self = shared_from_this(), delay, step, number] {
    options_.after(delay, [self, step, number] {
      self->locked([&] {
        if (number == self->step_) ((*self).*step)();
      });
    });
  });
}

// Gives the window up: once its fence has moved on without it, it can never be applied.
void shard::burn() {
  window_->burn = next_fence(current_);
  window_->burn_content = encode(*window_->burn);
  send();
}

// Nothing of the window is applied. One bad unit must not take the others with it: each gets a window of its own.
void shard::on_refused(const std::string& reason) {
  auto units = std::move(window_->units);
  if (units.size() == 1) {
    answer(units.front(), write_result::refused, reason);
    counted.windows_refused.add();
    return end_window();
  }
  for (auto& unit : units) {
    auto it = owners_.find(unit.owner);
    if (fenced_) {
      answer(unit, write_result::fenced, fenced_reason);
    } else if (it == owners_.end() || it->second.number != unit.session) {
      answer(unit, write_result::not_written, "the session is closed");
    } else {
      ++it->second.queued;
      queued_bytes_ += unit.bytes;
      unit.alone = true;
      alone_.push_back(std::move(unit));
    }
  }
  end_window();
}

// Every attempt so far is over, and the fence has not moved. What fails again will always fail: whoever wrote it must look
// at what is stored, and the others must not wait for it. They are written anew, under a fence that was never sent; its
// own units are not, not even the applied ones: a later one may have released what they name.
void shard::on_partial(const outcome& what) {
  if (window_->burn || window_->in_doubt || window_->attempts < 2) return read_fence();
  auto out = leave_out(*window_, what.applied);
  if (out.empty()) return burn();
  for (auto& unit : out) answer(unit, write_result::reload, what.reason);
  drop_session(out.front().owner, out.front().session);
  if (window_->units.empty()) {
    counted.windows_burned.add();
    return end_window();
  }
  renew_fence(*window_);
  window_->has_prefix = true;
  window_->attempts = 0;
  send();
}

void shard::finish(verdict how) {
  auto& window = *window_;
  switch (how) {
    case verdict::pending:
      return;
    case verdict::applied_fenced:
      return finish_fenced(window, true, fence_loss::taken, {});
    case verdict::not_applied_fenced:
      return finish_fenced(window, false, fence_loss::taken, fenced_reason);
    case verdict::rewound:
      return finish_fenced(window, false, fence_loss::rewound, "the store was rewound");
    case verdict::gone:
      return finish_fenced(window, false, fence_loss::gone, "the fence of this incarnation is gone");
    case verdict::applied:
      current_ = std::move(window.after);
      current_content_ = std::move(window.after_content);
      for (auto& unit : window.units) answer(unit, write_result::stored, {});
      counted.windows_stored.add();
      break;
    case verdict::burned:
      current_ = std::move(*window.burn);
      current_content_ = std::move(window.burn_content);
      for (auto& unit : window.units) answer(unit, write_result::reload, "the write was given up");
      counted.windows_burned.add();
      // A prefix may be stored: the owners must look before they write again.
      for (auto& unit : window.units) drop_session(unit.owner, unit.session);
      break;
  }
  end_window();
}

void shard::finish_fenced(write_window& window, bool applied, fence_loss why, const std::string& reason) {
  for (auto& unit : window.units) answer(unit, applied ? write_result::stored : write_result::fenced, reason);
  (applied ? counted.windows_stored : counted.windows_fenced).add();
  fence_off(why);
  end_window();
}

void shard::end_window() {
  window_.reset();
  answered_at_ = options_.now();
  const auto began = window_began_.exchange(time_point::max());
  counted.windows_undecided.add(-1);
  counted.window_time.observe(
    static_cast<std::uint64_t>(std::max<std::int64_t>(std::chrono::nanoseconds(options_.now() - began).count(), 0)));
  backoff_ = options_.first_backoff;
  for (auto& settled : settle_) later(std::move(settled));
  settle_.clear();
  begin_window();
}

}  // namespace tidegate::smq
