#pragma once

#include "messages/common/crc32c.hpp"
#include "smq/chunk_cache.hpp"
#include "smq/segments/big_endian.hpp"
#include "smq/segments/read_log.hpp"
#include "smq/segments/trim_log.hpp"
#include "tests/smq/segments/segments_memory_engine.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

namespace tidegate::smq::test {

inline uuid id_of(unsigned first) {
  uuid id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<std::byte>(first + i);
  return id;
}

/// A v2 batch with this header and `body_bytes` bytes instead of records: the store never opens them.
inline shared_bytes make_batch(std::int64_t base_offset, std::int32_t epoch, std::int32_t records,
                               std::int64_t max_timestamp, std::size_t body_bytes) {
  be_writer covered;
  covered.put(std::int16_t{0}).put(records - 1).put(max_timestamp - 1).put(max_timestamp);
  covered.put(std::int64_t{-1}).put(std::int16_t{-1}).put(std::int32_t{-1}).put(records);
  auto rest = covered.take() + std::string(body_bytes, 'r');
  be_writer head;
  head.put(base_offset).put(static_cast<std::int32_t>(rest.size() + 9)).put(epoch).put(std::int8_t{2});
  head.put(crc32c(as_byte_view(rest)));
  auto all = head.take() + rest;
  return shared_bytes::copy_of(as_byte_view(all));
}

inline std::int64_t next_offset_of(const shared_bytes& batch) {
  constexpr std::size_t last_delta_position = 23;
  return be_reader{batch.view()}.get<std::int64_t>() +
         be_reader{batch.view().subspan(last_delta_position)}.get<std::int32_t>() + 1;
}

inline const partition_place place{"orders", id_of(0x10), 3, "/topics/kafka/orders/v1/0096-0127", 600};

/// A log with its engine, appended to as a leader does.
struct stored_log {
  segments_memory_engine store;
  std::optional<chunk_cache> ahead;  // set: reads go through it
  log_state log;
  std::vector<shared_bytes> written;
  append_options options;
  std::int32_t epoch = 1;
  bool new_leader = false;

  planned_batch plan_one(const log_state& at, std::int32_t records, std::int64_t ts_ns, std::size_t body_bytes = 20,
                         std::int64_t max_timestamp = -1) const {
    if (max_timestamp < 0) max_timestamp = ts_ns / 1'000'000;
    return {make_batch(at.next_offset, epoch, records, max_timestamp, body_bytes),
            at.next_offset,
            epoch,
            records,
            ts_ns,
            at.next_message_number,
            max_timestamp};
  }

  /// Plans, uploads, writes and applies until all are stored.
  void append(std::vector<planned_batch> batches) {
    while (!batches.empty()) {
      auto plan = plan_append(tail_of(log, std::exchange(new_leader, false)), place, batches, options);
      store.put(plan.chunk, {}, [&](result<chunk_id> id) {
        const uploaded_append append{plan, id.value};
        store.write(mutations(log, {&append, 1}));
        apply(log, append);
      });
      for (std::size_t i = 0; i < plan.covered; ++i) written.push_back(batches[i].batch);
      batches.erase(batches.begin(), batches.begin() + static_cast<std::ptrdiff_t>(plan.covered));
    }
  }

  /// Plans and uploads all, as if nothing were written meanwhile, in chunks of one or two batches; then writes what may
  /// go into a file together.
  void append_ahead(std::vector<planned_batch> batches) {
    std::deque<uploaded_append> uploaded;
    auto tail = tail_of(log, std::exchange(new_leader, false));
    while (!batches.empty()) {
      const auto take = std::min<std::size_t>(batches.size(), 1 + uploaded.size() % 2);
      auto plan = plan_append(tail, place, {batches.begin(), batches.begin() + static_cast<std::ptrdiff_t>(take)}, options);
      tail = plan.tail;
      for (std::size_t i = 0; i < plan.covered; ++i) written.push_back(batches[i].batch);
      batches.erase(batches.begin(), batches.begin() + static_cast<std::ptrdiff_t>(plan.covered));
      store.put(plan.chunk, {}, [&](result<chunk_id> id) { uploaded.push_back({plan, id.value}); });
    }
    while (!uploaded.empty()) {
      std::vector<uploaded_append> together;
      do {
        together.push_back(std::move(uploaded.front()));
        uploaded.pop_front();
      } while (!uploaded.empty() && !uploaded.front().plan.rolls);
      store.write(mutations(log, together));
      for (const auto& append : together) apply(log, append);
    }
  }

  void append_one(std::int32_t records, std::int64_t ts_ns, std::size_t body_bytes = 20,
                  std::int64_t max_timestamp = -1) {
    append({plan_one(log, records, ts_ns, body_bytes, max_timestamp)});
  }

  void trim(std::int64_t log_start) {
    const auto plan = plan_trim(log, log_start);
    store.write(trim_mutations(log, place, plan));
    apply_trim(log, plan);
  }

  result<log_state> load(load_extent extent = load_extent::all) {
    result<log_state> loaded{{status::unknown, "no answer", 0}, {}};
    load_log(store.ports(), place, extent, {}, [&](result<log_state> r) { loaded = std::move(r); });
    return loaded;
  }

  result<std::vector<shared_bytes>> read(std::int64_t offset, std::size_t max_bytes, index_cache* index = nullptr) {
    auto ports = store.ports();
    if (ahead) return read_through({*ahead, ports.entries}, offset, max_bytes, index);
    return read_through(ports, offset, max_bytes, index);
  }

  result<std::vector<shared_bytes>> read_through(engine ports, std::int64_t offset, std::size_t max_bytes,
                                                 index_cache* index) {
    result<std::vector<shared_bytes>> read{{status::unknown, "no answer", 0}, {}};
    read_log(ports, make_view(log, place, offset, log.next_offset), offset, max_bytes, {}, index,
             [&](result<std::vector<shared_bytes>> r) { read = std::move(r); });
    return read;
  }

  result<shared_bytes> find(std::int64_t timestamp_ms) {
    result<shared_bytes> found{{status::unknown, "no answer", 0}, {}};
    find_by_timestamp(store.ports(), make_view(log, place, log.log_start, log.next_offset, SIZE_MAX), timestamp_ms, {},
                      [&](result<shared_bytes> r) { found = std::move(r); });
    return found;
  }
};

}  // namespace tidegate::smq::test
