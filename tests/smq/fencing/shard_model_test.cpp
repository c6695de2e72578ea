#define CAF_SUITE shard_model
#include "tests/smq/fencing/shard_fixture.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

#include <set>

using namespace tidegate::smq;
using namespace tidegate::smq::test;

namespace {

constexpr int owner_count = 3;

/// Owners write numbered units through a store that loses, delays, cuts and repeats transactions. A unit puts a path of
/// its own (was it ever applied?) and two that all units of its owner put (in which order?).
class model {
 public:
  struct unit {
    int owner = 0;
    std::optional<write_result> answer;
    std::size_t session = 0;
  };

  ~model() { f_.store.reset(); }

  model() {
    f_.options.max_window_mutations = 12;
    f_.options.max_attempts = 2;
    f_.engine.refuses = [this](const mutation& m) { return bad_.contains(m.target.path); };
    f_.store = f_.make_store();
    for (int i = 0; i < owner_count; ++i) reopen(i);
  }

  void step(int kind, int owner, std::size_t prefix) {
    switch (kind % 12) {
      case 0:
      case 1:
      case 2:
        return write(owner, kind % 2 == 0 ? write_class::commit : write_class::bulk, false);
      case 3:
        return write(owner, write_class::commit, prefix == 0);
      case 4:
        return reopen(owner);
      case 5:
        f_.engine.deliver_late();
        break;
      case 6:
        f_.run_timer();
        break;
      case 7:
        f_.engine.failing_gets = static_cast<int>(prefix % 3);
        break;
      default: {
        constexpr fault faults[] = {
            fault::none,         fault::none,         fault::none,           fault::partial,    fault::unknown_applied,
            fault::unknown_lost, fault::unknown_late, fault::unknown_prefix, fault::duplicated, fault::refused};
        f_.engine.script = {{faults[static_cast<std::size_t>(kind) % std::size(faults)], prefix}};
        f_.engine.run_one();
      }
    }
    check_stored();
  }

  /// From here on the store is well; what was delayed may come in between.
  void settle() {
    f_.engine.script.clear();
    f_.engine.failing_gets = 0;
    f_.run_all();
    check_stored();
  }

  void finish() {
    settle();
    for (const auto& u : units_) RC_ASSERT(u.answer.has_value());
    auto before = f_.engine.entries;
    while (f_.engine.deliver_late()) continue;
    RC_ASSERT(f_.engine.entries == before);
    for (std::size_t i = 0; i < units_.size(); ++i) {
      auto answer = *units_[i].answer;
      bool is_there = f_.engine.content(own_path(i)).has_value();
      if (answer == write_result::stored) RC_ASSERT(is_there);
      if (answer == write_result::refused || answer == write_result::not_written) RC_ASSERT(!is_there);
    }
    for (const auto& [index, was_there] : after_reload_)
      RC_ASSERT(f_.engine.content(own_path(index)).has_value() == was_there);
    check_order();
  }

  void take_over() { f_.take_over(); }

  void back_up() { backup_ = f_.engine.entries; }

  /// What was answered up to here need not be true any more; what is answered from here on must be.
  void rewind() {
    f_.engine.entries = backup_;
    first_checked_ = units_.size();
  }

  /// With the store well again: the next write notices that something was lost, or nothing was. True: noticed.
  bool notices_what_was_lost() {
    settle();
    for (int owner = 0; owner < owner_count; ++owner) reopen(owner);
    settle();
    write_everywhere();
    settle();
    for (const auto& u : units_) RC_ASSERT(u.answer.has_value());
    const bool stores = units_.back().answer == write_result::stored;
    if (f_.loss) {
      RC_ASSERT(*f_.loss == fence_loss::rewound);
      RC_ASSERT(!stores);
      return true;
    }
    first_checked_ = 0;
    check_stored();
    RC_ASSERT(stores);
    return false;
  }

  void write_everywhere() {
    for (int i = 0; i < owner_count; ++i) write(i, write_class::commit, false);
  }

  [[nodiscard]] const std::vector<unit>& units() const { return units_; }
  [[nodiscard]] const std::map<std::string, entry>& entries() const { return f_.engine.entries; }

 private:
  static std::string own_path(std::size_t index) { return "/units/" + std::to_string(index); }
  static std::string last_path(int owner, const char* which) { return "/last/" + std::to_string(owner) + which; }

  void write(int owner, write_class priority, bool bad) {
    auto& s = sessions_[static_cast<std::size_t>(owner)];
    if (!s) return;
    auto index = units_.size();
    units_.push_back({owner, std::nullopt, session_numbers_[static_cast<std::size_t>(owner)]});
    if (bad) bad_.insert(own_path(index));
    auto number = std::to_string(index);
    s->write({put(own_path(index), number), put(last_path(owner, "a"), number), put(last_path(owner, "b"), number)},
             priority, [this, index](const write_answer& a) { answered(index, a.code); });
  }

  void answered(std::size_t index, write_result code) {
    auto& u = units_[index];
    RC_ASSERT(!u.answer.has_value());
    u.answer = code;
    if (code == write_result::stored) {
      for (const char* which : {"a", "b"}) {
        auto last = f_.engine.content(last_path(u.owner, which));
        RC_ASSERT(last.has_value());
        RC_ASSERT(std::stoul(*last) >= index);
      }
    }
    if (code == write_result::reload) after_reload_[index] = f_.engine.content(own_path(index)).has_value();
  }

  void reopen(int owner) {
    auto at = static_cast<std::size_t>(owner);
    auto number = ++session_numbers_[at];
    f_.store->open("g/" + std::to_string(owner), [this, at, owner, number](std::shared_ptr<session> s) {
      // Whatever the owner wrote before is decided now, for good.
      for (std::size_t i = 0; i < units_.size(); ++i) {
        if (units_[i].owner != owner || units_[i].session >= number) continue;
        RC_ASSERT(units_[i].answer.has_value());
        after_reload_.emplace(i, f_.engine.content(own_path(i)).has_value());
      }
      sessions_[at] = std::move(s);
    });
  }

  void check_stored() {
    for (std::size_t i = first_checked_; i < units_.size(); ++i)
      if (units_[i].answer == write_result::stored) RC_ASSERT(f_.engine.content(own_path(i)).has_value());
  }

  // What lies in the shared paths was written by the owner's latest unit that got that far.
  void check_order() {
    for (int owner = 0; owner < owner_count; ++owner) {
      std::size_t stored = 0;
      bool any = false;
      for (std::size_t i = 0; i < units_.size(); ++i)
        if (units_[i].owner == owner && units_[i].answer == write_result::stored) stored = i, any = true;
      if (!any) continue;
      for (const char* which : {"a", "b"}) RC_ASSERT(std::stoul(*f_.engine.content(last_path(owner, which))) >= stored);
    }
  }

  std::vector<unit> units_;
  std::size_t first_checked_ = 0;
  std::map<std::string, entry> backup_;
  std::map<std::size_t, bool> after_reload_;
  std::set<std::string> bad_;
  std::vector<std::size_t> session_numbers_ = std::vector<std::size_t>(owner_count);
  std::vector<std::shared_ptr<session>> sessions_ = std::vector<std::shared_ptr<session>>(owner_count);
  shard_fixture f_;
};

void walk(model& m) {
  auto steps = *rc::gen::container<std::vector<std::tuple<int, int, std::size_t>>>(rc::gen::tuple(
      rc::gen::inRange(0, 12 * 10), rc::gen::inRange(0, owner_count), rc::gen::inRange<std::size_t>(0, 9)));
  for (auto [kind, owner, prefix] : steps) m.step(kind, owner, prefix);
}

}  // namespace

CAF_TEST(every answer stays true whatever the store loses or delays) {
  CAF_CHECK(rc::check("random faults", [] {
    model m;
    for (int round = 0; round < 3; ++round) {
      walk(m);
      if (round == 1) m.settle();
    }
    m.finish();
  }));
}

CAF_TEST(the shard writes again after all faults) {
  CAF_CHECK(rc::check("liveness", [] {
    model m;
    walk(m);
    walk(m);
    m.settle();
    auto before = m.units().size();
    for (int owner = 0; owner < owner_count; ++owner) m.step(4, owner, 0);
    m.write_everywhere();
    m.finish();
    RC_ASSERT(m.units().size() == before + owner_count);
    for (auto i = before; i < m.units().size(); ++i) RC_ASSERT(m.units()[i].answer == write_result::stored);
  }));
}

CAF_TEST(after a take over nothing that the old node sent is applied) {
  CAF_CHECK(rc::check("take-over", [] {
    model m;
    walk(m);
    m.take_over();
    auto taken = m.entries();
    walk(m);
    m.write_everywhere();
    m.finish();
    RC_ASSERT(m.entries() == taken);
    if (m.units().empty()) return;
    auto last = m.units().back().answer;
    RC_ASSERT(last == write_result::fenced || last == write_result::not_written);
  }));
}

CAF_TEST(a store that went back is noticed before anything more is called stored) {
  int noticed = 0;
  CAF_CHECK(rc::check("rewind", [&noticed] {
    model m;
    walk(m);
    m.back_up();
    walk(m);
    m.rewind();
    walk(m);
    noticed += m.notices_what_was_lost() ? 1 : 0;
  }));
  CAF_CHECK(noticed > 0);
}
