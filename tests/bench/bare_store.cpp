// What a SeaweedFS cluster gives to somebody who writes and reads tidegate's segments and positions with nothing in
// between: no Kafka, no actors, no checks. tools/rows lays its figures beside tidegate's.
//
//   bare_store MASTERS write        PARTITIONS CHUNK_BYTES SECONDS   one writer per partition: chunk, then entry + fence
//   bare_store MASTERS transactions PUTS SECONDS                     16 at once, PUTS positions + fence each
//   bare_store MASTERS read         TOPIC                            every chunk of a topic, one after the other, 4 at once
#include "smq/fencing/formats.hpp"
#include "smq/names.hpp"
#include "smq/positions/positions.hpp"
#include "smq/seaweedmq/engine.hpp"
#include "smq/segments/log.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <thread>

using namespace tidegate;
using namespace tidegate::smq;
using steady = std::chrono::steady_clock;

namespace {

constexpr int readers = 4;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "bare_store: %s\n", why.c_str());
  std::_Exit(1);  // other threads go on until then
}

time_point soon() { return steady::now() + std::chrono::seconds{20}; }

template <class T, class Call>
T wait_for(Call call) {
  auto promise = std::make_shared<std::promise<T>>();
  auto answer = promise->get_future();
  call([promise](T value) { promise->set_value(std::move(value)); });
  return answer.get();
}

/// Puts entries and the fence again and again, each under the one before it.
class fenced_writer {
 public:
  fenced_writer(engine ports, std::string path) : ports_(ports), path_(std::move(path)) {
    now_.incarnation = random_();
  }

  void write(std::vector<mutation> mutations) {
    now_ = {now_.incarnation, 1, now_.seq + 1, random_(), {}};
    auto next = encode(now_);
    mutations.push_back({mutation::kind::put, {path_, next, {}, {}}});
    const auto what = wait_for<outcome>(
      [&](auto done) { ports_.entries.transact({path_, stored_}, std::move(mutations), soon(), std::move(done)); });
    if (!what.is_ok()) fail("transaction: " + what.reason);
    stored_ = std::move(next);
  }

 private:
  engine ports_;
  std::string path_;
  uuid_source random_ = system_uuid_source();
  fence now_;
  std::optional<std::string> stored_;
};

struct tally {
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;
  std::vector<double> ms;  // of each call, one after the other
};

double share_of(const std::vector<double>& sorted, double share) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * share)];
}

void print(const char* what, tally& all, double seconds) {
  std::ranges::sort(all.ms);
  std::printf("{\"what\":\"%s\",\"seconds\":%.3f,\"count\":%llu,\"count_per_s\":%.0f,\"mb_per_s\":%.1f,\"p50_ms\":%.2f,"
              "\"p99_ms\":%.2f}\n",
              what, seconds, static_cast<unsigned long long>(all.count), static_cast<double>(all.count) / seconds,
              static_cast<double>(all.bytes) / 1e6 / seconds, share_of(all.ms, 0.5), share_of(all.ms, 0.99));
}

double ms_since(steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady::now() - begin).count();
}

/// Runs `one(index)` on threads of their own and adds up what they say.
template <class F>
void measure(const char* what, int threads, F one) {
  const auto began = steady::now();
  std::vector<std::future<tally>> running;
  for (int i = 0; i < threads; ++i) running.push_back(std::async(std::launch::async, one, i));
  tally all;
  for (auto& each : running) {
    const auto part = each.get();
    all.bytes += part.bytes;
    all.count += part.count;
    all.ms.insert(all.ms.end(), part.ms.begin(), part.ms.end());
  }
  print(what, all, std::chrono::duration<double>(steady::now() - began).count());
}

std::string own_directory() { return "/topics/bare/run-" + to_hex(system_uuid_source()()).substr(0, 12); }

void write_segments(engine ports, int partitions, std::size_t chunk_bytes, int seconds) {
  const auto directory = own_directory();
  const auto end = steady::now() + std::chrono::seconds{seconds};
  // The bytes of a chunk: what an uncompressed batch of 1 kB records would be.
  const auto body = shared_bytes(byte_buffer(chunk_bytes, std::byte{'r'}));
  measure("write", partitions, [&](int p) {
    const auto mine = directory + "/" + std::to_string(p);
    fenced_writer writer(ports, mine + "/fence");
    log_state log;
    const partition_place place{"bare", system_uuid_source()(), p, mine, 600};
    const append_options options{.max_chunks_per_segment = 16, .max_segment_bytes = 16 * 1024 * 1024};
    std::int64_t ts_ns = 1'000'000'000;
    tally done;
    while (steady::now() < end) {
      const auto began = steady::now();
      const planned_batch batch{body, log.next_offset, 1, 1000, ts_ns += 1000, log.next_message_number, -1};
      const auto plan = plan_append(tail_of(log, false), place, {batch}, options);
      const auto put = wait_for<result<chunk_id>>(
        [&](auto stored) { ports.chunks.put(plan.chunk, soon(), std::move(stored)); });
      if (!put.is_ok()) fail("chunk: " + put.what.reason);
      const uploaded_append append{plan, put.value};
      writer.write(mutations(log, {&append, 1}));
      apply(log, append);
      done.ms.push_back(ms_since(began));
      done.bytes += chunk_bytes;
      ++done.count;
    }
    return done;
  });
}

void run_transactions(engine ports, int puts, int seconds) {
  const auto directory = own_directory();
  const auto end = steady::now() + std::chrono::seconds{seconds};
  const auto topic_id = system_uuid_source()();
  constexpr std::int64_t now_ns = 1'800'000'000'000'000'000;  // as long as those of today
  measure("transactions", seaweedmq::shard_count, [&](int shard) {
    const position_place place{topic_id, directory + "/" + std::to_string(shard)};
    fenced_writer writer(ports, place.partition_directory + "/fence");
    committed_offset position;
    tally done;
    while (steady::now() < end) {
      ++position.offset;
      const auto began = steady::now();
      std::vector<mutation> all;
      for (int i = 0; i < puts; ++i)
        all.push_back(*make_position_mutation(place, "group-" + std::to_string(i), position, now_ns, {topic_id, 1}));
      writer.write(std::move(all));
      done.ms.push_back(ms_since(began));
      done.count += static_cast<std::uint64_t>(puts);
    }
    return done;
  });
}

/// Every chunk of files below `directory`, at any depth, in the order of their names.
void find_chunks(entry_port& entries, const std::string& directory, std::vector<chunk_ref>& into) {
  for (std::string after;;) {
    const auto page = wait_for<result<list_page>>(
      [&](auto done) { entries.list(directory, after, 500, true, soon(), std::move(done)); });
    if (!page.is_ok()) fail("list: " + page.what.reason);
    for (const auto& name : page.value.directories) find_chunks(entries, directory + "/" + name, into);
    for (const auto& e : page.value.entries) into.insert(into.end(), e.chunks.begin(), e.chunks.end());
    if (!page.value.more) return;
    after = page.value.entries.back().path.substr(directory.size() + 1);
  }
}

void read_chunks(engine ports, const std::string& topic) {
  std::vector<chunk_ref> chunks;
  find_chunks(ports.entries, topic_directory(topic), chunks);
  measure("read", readers, [&](int reader) {
    tally done;
    for (auto i = static_cast<std::size_t>(reader); i < chunks.size(); i += readers) {
      const auto began = steady::now();
      const auto got = wait_for<result<shared_bytes>>(
        [&](auto read) { ports.chunks.get(chunks[i].id, 0, chunks[i].size, soon(), std::move(read)); });
      if (!got.is_ok()) fail("read: " + got.what.reason);
      done.ms.push_back(ms_since(began));
      done.bytes += got.value.size();
      ++done.count;
    }
    return done;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words{argv + 1, argv + argc};
  if (words.size() < 3) fail("MASTERS write|transactions|read …");
  seaweedmq::options cluster;
  cluster.masters = {words[0]};
  if (const char* level = std::getenv("DURABILITY"); level && std::string(level) == "os")
    cluster.level = seaweedmq::durability::os;
  const auto opened = seaweedmq::open(cluster, soon());
  if (!opened.store) fail(opened.error);
  const auto number = [&](std::size_t i) {
    if (words.size() <= i) fail("a number is missing");
    return std::atoi(words[i].c_str());
  };
  if (words[1] == "write")
    write_segments(opened.store->ports(), number(2), static_cast<std::size_t>(number(3)), number(4));
  else if (words[1] == "transactions")
    run_transactions(opened.store->ports(), number(2), number(3));
  else if (words[1] == "read")
    read_chunks(opened.store->ports(), words[2]);
  else
    fail("no such measurement: " + words[1]);
  return 0;
}
