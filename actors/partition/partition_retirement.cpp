#include "actors/partition/partition_retirement.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/partition/partition_merges.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace tidegate::actors {

partition_retirement::partition_retirement(partition_log& log, partition_registry_actor registry, clean_end& end,
                                           partition_merges& merges, parts_owner& owner)
  : log_(log), registry_(std::move(registry)), clean_end_(end), merges_(merges), owner_(owner),
    last_request_(log_.now()) {}

void partition_retirement::note_request() {
  ++requests_;
  last_request_ = log_.now();
}

void partition_retirement::look_in(std::chrono::milliseconds delay) {
  if (!registry_) return;
  log_.post_in(delay, [this] { look(); }, partition_log::every_life);
}

void partition_retirement::look() {
  // The next look is certain, whatever becomes of this one.
  const auto idle = std::chrono::floor<std::chrono::milliseconds>(log_.now() - last_request_);
  if (idle < log_.settings.idle_after) return look_in(log_.settings.idle_after - idle);
  look_in(log_.settings.idle_after);
  if (owner_.is_quiet() && !log_.closing) leave();
}

void partition_retirement::leave() {
  clean_end_.write([this, seen = requests_] {
    if (seen != requests_) return;
    if (!log_.machine || leaving_at_ == requests_) return ask();  // not loaded, or the merges came to nothing
    leaving_at_ = requests_;
    merges_.start_last();
  });
}

bool partition_retirement::is_leaving() const { return leaving_at_ == requests_ && !log_.closing; }

void partition_retirement::ask() {
  auto answer = [this, post = log_.poster(partition_log::every_life)](bool may_go) {
    post([this, may_go] {
      if (may_go) owner_.end(nullptr);
    });
  };
  const auto me = static_cast<caf::local_actor*>(log_.self)->address();
  caf::anon_send(registry_, msg::retire_partition{log_.place.topic_id, log_.place.partition, me, requests_,
                                                  {false, answer}});
}

void partition_retirement::end_visit() {
  if (visits_ == 0 || visits_ != requests_ || !registry_ || !owner_.is_quiet()) return;
  clean_end_.write([this, seen = requests_] {
    if (seen == requests_) ask();
  });
}

}  // namespace tidegate::actors
