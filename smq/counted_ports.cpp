#include "smq/counted_ports.hpp"

#include "smq/counters.hpp"

#include <utility>

namespace tidegate::smq {

namespace {

const outcome& outcome_of(const outcome& what) { return what; }

template <class T>
const outcome& outcome_of(const result<T>& answer) {
  return answer.what;
}

/// `done`, after the call is counted.
template <class Answer>
completion<Answer> counting(port_call which, completion<Answer> done) {
  return [which, done = std::move(done), began = std::chrono::steady_clock::now()](Answer answer) {
    auto& call = counted.calls[static_cast<std::size_t>(which)];
    call.time.observe(ns_since(began));
    call.outcomes[static_cast<std::size_t>(outcome_of(answer).code)].add();
    done(std::move(answer));
  };
}

}  // namespace

void counted_ports::put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) {
  std::uint64_t bytes = 0;
  for (const auto& part : parts) bytes += part.size();
  auto stored = [bytes, done = std::move(done)](result<chunk_id> answer) {
    if (answer.is_ok()) counted.chunk_bytes_written.add(bytes);
    done(std::move(answer));
  };
  inner_.chunks.put(std::move(parts), deadline,
                    counting<result<chunk_id>>(port_call::chunk_put, std::move(stored)));
}

void counted_ports::get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
                        completion<result<shared_bytes>> done) {
  auto read = [done = std::move(done)](result<shared_bytes> answer) {
    if (answer.is_ok()) counted.chunk_bytes_read.add(answer.value.size());
    done(std::move(answer));
  };
  inner_.chunks.get(id, position, count, deadline,
                    counting<result<shared_bytes>>(port_call::chunk_get, std::move(read)));
}

void counted_ports::will_read(const chunk_id& id, std::uint64_t size) { inner_.chunks.will_read(id, size); }

void counted_ports::get(const std::string& path, time_point deadline, completion<result<entry>> done) {
  inner_.entries.get(path, deadline, counting(port_call::get, std::move(done)));
}

void counted_ports::get_many(std::vector<std::string> paths, time_point deadline,
                             completion<result<std::vector<result<entry>>>> done) {
  inner_.entries.get_many(std::move(paths), deadline, counting(port_call::get_many, std::move(done)));
}

void counted_ports::list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
                         time_point deadline, completion<result<list_page>> done) {
  inner_.entries.list(directory, after, limit, with_chunks, deadline, counting(port_call::list, std::move(done)));
}

void counted_ports::transact(guard condition, mutation_list mutations, time_point deadline,
                             completion<outcome> done) {
  inner_.entries.transact(std::move(condition), std::move(mutations), deadline,
                          counting(port_call::transact, std::move(done)));
}

void counted_ports::remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) {
  inner_.entries.remove_tree(directory, deadline, counting(port_call::remove_tree, std::move(done)));
}

}  // namespace tidegate::smq
