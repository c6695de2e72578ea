// Where a position that a native subscriber moved lies in this log.
#include "actors/log.hpp"
#include "actors/message_types.hpp"
#include "actors/partition_state.hpp"
#include "smq/segments/find_by_ts.hpp"

namespace tidegate::actors {

void partition_state::translate(const msg::find_by_ts& m) { translate_once(m, true); }

void partition_state::translate_once(const msg::find_by_ts& m, bool again) {
  auto view = smq::make_view(log_, place_, machine_->log_start_offset(), machine_->high_watermark(),
                             log_.segments.size());
  smq::find_by_ts(store_->engine, view, m.value_ns, store_->deadline(),
                  [this, m, again, post = poster()](const smq::result<std::int64_t>& found) {
                    post([this, m, again, found] {
                      // A chunk that is gone was merged or trimmed meanwhile.
                      if (found.what.code == smq::status::absent && again) return translate_once(m, false);
                      if (found.is_ok()) return m.answer({error_code::none, found.value});
                      log_event(log_level::error, "a native position cannot be translated",
                                {{"topic", place_.topic},
                                 {"partition", place_.partition},
                                 {"value", m.value_ns},
                                 {"reason", found.what.reason}});
                      m.answer({});
                    });
                  });
}

}  // namespace tidegate::actors
