#include "smq/topics/decided.hpp"

#include <memory>
#include <utility>

namespace tidegate::smq {

namespace {

constexpr int most_attempts = 4;  // a caller that gets "unknown" repeats the whole operation

class attempt : public std::enable_shared_from_this<attempt> {
 public:
  attempt(entry_port& entries, guard condition, std::vector<mutation> mutations, time_point deadline,
          completion<decided> done)
    : entries_(entries),
      condition_(std::move(condition)),
      mutations_(std::move(mutations)),
      deadline_(deadline),
      done_(std::move(done)) {}

  void send() {
    ++attempts_;
    entries_.transact(condition_, mutations_, deadline_,
                      [self = shared_from_this()](outcome what) { self->on_outcome(what); });
  }

 private:
  void on_outcome(const outcome& what) {
    switch (what.code) {
      case status::ok:
        return finish({decided::kind::applied, {}, mutations_.back().target.content});
      case status::refused:
        // After an attempt in doubt, "nothing applied" speaks of this attempt only.
        if (attempts_ == 1) return finish({decided::kind::refused, what.reason, {}});
        return look(what.reason, false);
      case status::conflict:
      case status::absent:
        return look(what.reason, false);
      case status::partial:
      case status::unknown:
        return look(what.reason, true);
    }
  }

  void look(const std::string& reason, bool may_repeat) {
    entries_.get(condition_.path, deadline_, [self = shared_from_this(), reason, may_repeat](result<entry> found) {
      self->on_look(std::move(found), reason, may_repeat);
    });
  }

  void on_look(result<entry> found, const std::string& reason, bool may_repeat) {
    if (found.what.code != status::ok && found.what.code != status::absent)
      return finish({decided::kind::unknown, reason + "; " + found.what.reason, {}});
    std::optional<std::string> current;
    if (found.is_ok()) current = std::move(found.value.content);
    if (current == mutations_.back().target.content) return finish({decided::kind::applied, {}, current});
    if (current != condition_.expected) return finish({decided::kind::displaced, reason, current});
    if (may_repeat && attempts_ < most_attempts) return send();
    finish({decided::kind::unknown, reason, current});
  }

  void finish(decided answer) { std::exchange(done_, nullptr)(std::move(answer)); }

  entry_port& entries_;
  guard condition_;
  std::vector<mutation> mutations_;
  time_point deadline_;
  completion<decided> done_;
  int attempts_ = 0;
};

}  // namespace

void transact_decided(entry_port& entries, guard condition, std::vector<mutation> mutations, time_point deadline,
                      completion<decided> done) {
  std::make_shared<attempt>(entries, std::move(condition), std::move(mutations), deadline, std::move(done))->send();
}

}  // namespace tidegate::smq
