#include "smq/producer_ids.hpp"

#include "smq/fencing/field_io.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::smq {

namespace {

constexpr std::uint8_t format_version = 1;

// The transaction id tells two nodes apart that take the same block at the same time.
std::string encode(std::int64_t first_free, const uuid& transaction_id) {
  field_writer out;
  return out.integer(format_version).integer(first_free).id(transaction_id).take();
}

std::optional<std::int64_t> decode(std::string_view content) {
  field_reader in{content};
  auto version = in.integer<std::uint8_t>();
  auto first_free = in.integer<std::int64_t>();
  if (in.failed() || version == 0 || first_free < 0) return std::nullopt;
  return first_free;
}

}  // namespace

struct producer_ids::allocator : std::enable_shared_from_this<allocator> {
  using waiter = completion<result<std::int64_t>>;

  allocator(entry_port& port, producer_id_options settings) : entries(port), options(std::move(settings)) {}

  void next(waiter done) {
    std::unique_lock lock{mutex};
    if (next_id < end_id) {
      auto id = next_id++;
      lock.unlock();
      return done({{}, id});
    }
    waiting.push_back(std::move(done));
    if (std::exchange(is_taking, true)) return;
    lock.unlock();
    take_block(1);
  }

  void take_block(int attempt) {
    entries.get(producer_ids_path(), deadline(), [self = shared_from_this(), attempt](const result<entry>& found) {
      if (found.what.code == status::absent) return self->write_block(attempt, 0, std::nullopt);
      if (found.what.code == status::refused) return self->fail(found.what);
      if (!found.is_ok()) return self->retry(attempt, found.what);
      auto first = decode(found.value.content);
      if (!first || *first > std::numeric_limits<std::int64_t>::max() - self->options.block_size)
        return self->fail(damaged(producer_ids_path()));
      self->write_block(attempt, *first, found.value.content);
    });
  }

  void write_block(int attempt, std::int64_t first_free, std::optional<std::string> before) {
    auto path = producer_ids_path();
    const auto first = std::max(first_free, options.wall_us());
    auto after = encode(first + options.block_size, options.random());
    entries.transact({path, std::move(before)}, {{mutation::kind::put, {path, std::move(after), {}, {}}}}, deadline(),
                     [self = shared_from_this(), attempt, first](const outcome& what) {
                       if (what.is_ok()) return self->use_block(first);
                       if (what.code == status::refused) return self->fail(what);
                       // In doubt the block is left unused; the next one is as good.
                       self->retry(attempt, what);
                     });
  }

  void retry(int attempt, const outcome& last) {
    if (attempt >= options.max_attempts) return fail({status::unknown, last.reason, 0});
    take_block(attempt + 1);
  }

  void use_block(std::int64_t first) {
    std::vector<waiter> ready;
    std::unique_lock lock{mutex};
    next_id = first;
    end_id = first + options.block_size;
    auto count = std::min(waiting.size(), static_cast<std::size_t>(options.block_size));
    ready.assign(std::make_move_iterator(waiting.begin()),
                 std::make_move_iterator(waiting.begin() + static_cast<std::ptrdiff_t>(count)));
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
    auto id = next_id;
    next_id += static_cast<std::int64_t>(count);
    is_taking = !waiting.empty();
    bool more = is_taking;
    lock.unlock();
    for (auto& done : ready) done({{}, id++});
    if (more) take_block(1);
  }

  void fail(const outcome& why) {
    std::unique_lock lock{mutex};
    auto all = std::exchange(waiting, {});
    is_taking = false;
    lock.unlock();
    for (auto& done : all) done({why, 0});
  }

  time_point deadline() const { return options.now() + options.port_timeout; }

  entry_port& entries;
  const producer_id_options options;
  std::mutex mutex;  // guards what follows
  std::int64_t next_id = 0;
  std::int64_t end_id = 0;
  bool is_taking = false;
  std::vector<waiter> waiting;
};

producer_ids::producer_ids(entry_port& entries, producer_id_options options)
  : allocator_(std::make_shared<allocator>(entries, std::move(options))) {}

void producer_ids::next(completion<result<std::int64_t>> done) { allocator_->next(std::move(done)); }

}  // namespace tidegate::smq
