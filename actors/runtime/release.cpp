#include "actors/runtime/release.hpp"

#include "actors/interfaces/message_types.hpp"
#include "actors/log.hpp"
#include "net/query.hpp"

#include <charconv>
#include <chrono>
#include <future>

namespace tidegate::actors {

namespace {

constexpr std::chrono::seconds patience{2};  // registries do not wait for the store

net::http_answer failed(unsigned status, const std::string& why) { return {.status = status, .body = why + "\n"}; }

/// Asks a registry: how many it released; −1 when it is down or does not answer.
template <class Ask>
std::int64_t ask_registry(const Ask& ask) {
  auto promise = std::make_shared<std::promise<std::int64_t>>();
  auto answer = promise->get_future();
  ask(reply<std::int64_t>{-1, [promise](std::int64_t released) { promise->set_value(released); }});
  return answer.wait_for(patience) == std::future_status::ready ? answer.get() : -1;
}

net::http_answer answer_of(std::int64_t released, const char* kind, const std::string& name) {
  if (released < 0) return failed(503, "the registry did not answer; nothing may have been released");
  log_event(log_level::info, "released from quarantine", {{kind, name}, {"count", released}});
  return {.content_type = "application/json", .body = "{\"released\":" + std::to_string(released) + "}\n"};
}

/// False: it is no partition number.
bool read_partition(const std::string& text, std::optional<std::int32_t>& into) {
  std::int32_t number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, wrong] = std::from_chars(text.data(), last, number);
  if (wrong != std::errc{} || end != last || number < 0) return false;
  into = number;
  return true;
}

}  // namespace

net::http_answer answer_release(const registry_directory& registries, const topic_directory& topics,
                                std::string_view query) {
  const auto fields = net::parse_query(query);
  const auto usage = [] { return failed(400, "expected group=NAME, or topic=NAME with or without partition=N"); };
  if (!fields) return usage();
  const auto group = fields->find("group");
  const auto topic = fields->find("topic");
  if (group != fields->end()) {
    if (fields->size() != 1) return usage();
    const auto released =
      ask_registry([&](auto answer) { registries.groups.send(msg::release_group{group->second, answer}); });
    return answer_of(released, "group", group->second);
  }
  const auto partition = fields->find("partition");
  std::optional<std::int32_t> only;
  if (topic == fields->end() || fields->size() != (partition == fields->end() ? 1U : 2U)) return usage();
  if (partition != fields->end() && !read_partition(partition->second, only)) return usage();
  const auto known = topics.current()->find(std::string_view{topic->second});
  if (!known) return failed(404, "no such topic");
  const auto released =
    ask_registry([&](auto answer) { registries.partitions.send(msg::release_partitions{known->id, only, answer}); });
  return answer_of(released, "topic", topic->second);
}

}  // namespace tidegate::actors
