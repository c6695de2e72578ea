// Groups without an entry, which only native subscribers' position files know. They are looked for when somebody asks
// about the group as a whole, never on the way of a join or a commit.
#include "actors/group/coordinator.hpp"

namespace tidegate::actors {

namespace {

/// The answer must not be that there is nothing, or no more than what was found.
bool is_doubtful(const found_positions& found) { return found.error != error_code::none || !found.complete; }

}  // namespace

bool coordinator_state::is_unknown() const { return !group_->exists() && group_->is_idle(); }

void coordinator_state::describe(const msg::describe_group& request) {
  if (!is_unknown()) return request.answer(group_->describe());
  context_.store->find_positions(
    context_.group_id, [respond = request.answer, known = group_->describe()](const found_positions& found) mutable {
      if (!found.where.empty())
        known.state = "Empty";
      else if (is_doubtful(found))
        known.error = error_code::coordinator_not_available;
      respond(std::move(known));
    });
}

void coordinator_state::fetch_all(const msg::offset_fetch& request) {
  if (!is_unknown()) {
    context_.store->fetch_all(context_.group_id, group_->stored().topics,
                              [respond = request.answer](msg::offset_fetch_result all) {
                                respond(without_doubt(std::move(all)));
                              });
    return;
  }
  context_.store->find_positions(
    context_.group_id, [store = context_.store, group = context_.group_id,
                        respond = request.answer](const found_positions& found) {
      if (is_doubtful(found)) return respond({error_code::coordinator_load_in_progress, {}});
      store->fetch(group, found.where, [respond](std::vector<msg::offset_fetch_item> items) {
        std::erase_if(items, [](const auto& i) { return i.error == error_code::none && i.position.offset < 0; });
        respond(without_doubt({error_code::none, std::move(items)}));
      });
    });
}

}  // namespace tidegate::actors
