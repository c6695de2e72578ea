#include "messages/kafka/describe_log_dirs.hpp"

#include "actors/handlers/lookup.hpp"
#include "actors/handlers/table.hpp"
#include "actors/interfaces/message_types.hpp"
#include "smq/segments/log_bytes.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace tidegate::actors::handlers {

namespace {

using response_topic = kafka::describe_log_dirs_response::topic;

// A cluster answers a list call in about a millisecond; more at once would only queue there, in front of commits.
constexpr std::size_t lists_at_once = 16;

/// The partitions of one request whose files are counted. Only the connection's actor touches it.
struct counting : std::enable_shared_from_this<counting> {
  struct place {
    std::size_t topic = 0;
    std::size_t partition = 0;
    std::string directory;
  };

  counting(const services& s, request_ptr asker) : node(s), r(std::move(asker)) {}

  void start() {
    running = std::min(lists_at_once, std::max<std::size_t>(places.size(), 1));
    for (auto lanes = running; lanes > 0; --lanes) next_one();
  }

  void next_one() {
    if (next >= places.size() || is_broken) {
      if (--running == 0) answer();
      return;
    }
    const auto at = next++;
    smq::log_bytes(node.store->engine.entries, places[at].directory, node.store->deadline(),
                   [self = shared_from_this(), at](const smq::result<std::uint64_t>& bytes) {
                     self->r->post([self, at, bytes] { self->counted(at, bytes); });
                   });
  }

  void counted(std::size_t at, const smq::result<std::uint64_t>& bytes) {
    is_broken |= !bytes.is_ok();
    topics[places[at].topic].partitions[places[at].partition].partition_size = static_cast<std::int64_t>(bytes.value);
    next_one();
  }

  void answer() {
    kafka::describe_log_dirs_response response;
    auto& out = response.results.emplace_back();
    out.log_dir = node.log_dir;
    if (is_broken)
      out.error_code = error_code::kafka_storage_error;  // as of a directory that is offline: no size is made up
    else
      out.topics = std::move(topics);
    if (node.log_dir_is_local) {
      std::error_code unknown;
      const auto space = std::filesystem::space(node.log_dir, unknown);
      if (!unknown) {
        out.total_bytes = static_cast<std::int64_t>(space.capacity);
        out.usable_bytes = static_cast<std::int64_t>(space.available);
      }
    }
    r->answer(response);
  }

  void add(const smq::topic_info& topic, const std::set<std::int32_t>& partitions) {
    auto& out = topics.emplace_back();
    out.name = topic.name;
    for (const auto partition : partitions) {
      places.push_back({topics.size() - 1, out.partitions.size(), topic.directory_of(partition)});
      out.partitions.push_back({partition, 0, 0, false});
    }
  }

  void add_all(const smq::topic_info& topic) {
    std::set<std::int32_t> all;
    for (std::int32_t p = 0; p < topic.partitions; ++p) all.insert(all.end(), p);
    add(topic, all);
  }

  const services& node;
  const request_ptr r;
  std::vector<response_topic> topics;
  std::vector<place> places;
  std::size_t next = 0;
  std::size_t running = 0;
  bool is_broken = false;
};

void count_all(const services& node, const request_ptr& r) {
  auto done = [&node, r](error_code error) {
    r->post([&node, r, error] {
      auto work = std::make_shared<counting>(node, r);
      const auto known = node.store->topics.current();
      // A topic whose entry cannot be read has files too: without them the answer would be wrong.
      work->is_broken = error != error_code::none || !known->unreadable.empty();
      if (!work->is_broken)
        for (const auto& [name, topic] : known->by_name) work->add_all(*topic);
      work->start();
    });
  };
  node.topics.send(msg::load_all_topics{reply<error_code>{error_code::leader_not_available, done}});
}

}  // namespace

/// DescribeLogDirs (API key 35): the store as one directory. Sizes are counted from the names of the files in it, with
/// no more than 16 list calls at once; no offset actor is started. Unknown topics and partitions are left out.
/// Errors: kafka_storage_error of the directory when something could not be read.
/// Source: Kafka's ReplicaManager.describeLogDirs.
void describe_log_dirs(const services& node, const request_ptr& r) {
  auto asked = r->decode<kafka::describe_log_dirs_request>();
  if (!asked) return;
  if (!asked->topics) return count_all(node, r);
  std::map<std::string, std::set<std::int32_t>> wanted;
  for (const auto& topic : *asked->topics)
    wanted[topic.name].insert(topic.partitions.begin(), topic.partitions.end());
  std::vector<topic_reference> references;
  for (const auto& [name, partitions] : wanted) references.push_back({name, {}, false});
  find_topics(node, r, std::move(references), false,
              [&node, r, wanted = std::move(wanted)](const std::vector<msg::topic_result>& found) {
                auto work = std::make_shared<counting>(node, r);
                auto next = wanted.begin();
                for (const auto& topic : found) {
                  std::set<std::int32_t> partitions;
                  for (const auto p : (next++)->second)
                    if (check_partition(topic, p) == error_code::none) partitions.insert(p);
                  if (!partitions.empty()) work->add(*topic.topic, partitions);
                  work->is_broken |= topic.error != error_code::none &&
                                     topic.error != error_code::unknown_topic_or_partition;
                }
                r->post([work] { work->start(); });
              });
}

}  // namespace tidegate::actors::handlers
