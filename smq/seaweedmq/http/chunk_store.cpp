#include "smq/seaweedmq/http/chunk_store.hpp"

#include "messages/common/crc32c.hpp"
#include "smq/seaweedmq/http/access_check.hpp"
#include "smq/seaweedmq/http/discard_operation.hpp"
#include "smq/seaweedmq/http/get_operation.hpp"
#include "smq/seaweedmq/http/look_operation.hpp"
#include "smq/seaweedmq/http/put_operation.hpp"
#include "smq/seaweedmq/http/read_token.hpp"

#include <limits>

namespace tidegate::smq::seaweedmq {

namespace {

/// A volume server writes a chunk's size in 4 bytes.
constexpr std::uint64_t max_chunk = std::numeric_limits<std::uint32_t>::max();

/// Of a read token: longer than any read. A clock that is behind by as much makes tokens that have ended already, which
/// looks as a wrong key does (401).
constexpr std::chrono::seconds token_lifetime{120};

outcome refusal(std::string reason) { return {status::refused, std::move(reason), 0}; }

}  // namespace

store_parts::store_parts(volume_directory& directory, const chunk_store_options& wanted)
  : options(wanted),
    loop(std::make_shared<event_loop>()),
    tls(wanted.https ? std::make_unique<tls_client>(*wanted.https, wanted.between_looks) : nullptr),
    pool(*loop, {wanted.connections_per_server, wanted.queued_per_server}, tls.get()),
    puts(*loop, wanted.max_put_bytes, wanted.max_waiting),
    gets(*loop, wanted.max_get_bytes, wanted.max_waiting) {
  id_stock_options ids;
  ids.per_assign = wanted.ids_per_assign;
  ids.lifetime = wanted.id_lifetime;
  ids.patience = wanted.id_patience;
  stock = std::make_shared<id_stock>(*loop, directory, ids);
  location_options where;
  where.lifetime = wanted.location_lifetime;
  places = std::make_shared<location_cache>(*loop, directory, where);
}

std::string store_parts::token_for(const file_id& id) const {
  if (options.read_key.empty()) return {};
  const auto until = std::chrono::system_clock::now() + token_lifetime;
  return read_token(options.read_key, id, std::chrono::system_clock::to_time_t(until));
}

chunk_store::chunk_store(volume_directory& directory, chunk_store_options options)
  : parts_(std::make_unique<store_parts>(directory, options)) {}

chunk_store::~chunk_store() {
  parts_->loop->stop([parts = parts_.get()] {
    const std::string reason = "the chunk store is closing";
    parts->puts.close(reason);
    parts->gets.close(reason);
    parts->stock->close(reason);
    parts->places->close(reason);
    parts->pool.close(reason);
  });
}

void chunk_store::put(std::vector<shared_bytes> body, time_point deadline, completion<result<chunk_id>> done) {
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  for (const auto& part : body) {
    size += part.size();
    crc = crc32c(part.view(), crc);
  }
  if (size == 0) return done({refusal("a chunk has at least one byte"), {}});
  if (size > max_chunk) return done({refusal("a chunk has less than 4 GiB"), {}});
  auto operation = std::make_shared<put_operation>(*parts_, std::move(body), size, crc, deadline, std::move(done));
  parts_->loop->post([operation = std::move(operation)] { operation->start(); });
}

void chunk_store::get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
                      completion<result<shared_bytes>> done) {
  const auto where = parse_file_id(id);
  if (!where) return done({refusal("not a file id: " + id), {}});
  if (position > max_chunk || count > max_chunk - position)
    return done({refusal("the range ends behind the chunk"), {}});
  auto operation = std::make_shared<get_operation>(*parts_, *where, position, count, deadline, std::move(done));
  parts_->loop->post([operation = std::move(operation)] { operation->start(); });
}

void chunk_store::check_access(time_point deadline, completion<outcome> done) {
  parts_->loop->post([parts = parts_.get(), deadline, done = std::move(done)] {
    seaweedmq::check_access(*parts, deadline, done);
  });
}

void chunk_store::discard(const chunk_id& id, time_point deadline, completion<outcome> done) {
  const auto where = parse_file_id(id);
  if (!where) return done(refusal("not a file id: " + id));
  parts_->loop->post([parts = parts_.get(), where = *where, deadline, done = std::move(done)] {
    discard_chunk(*parts, {where, '/' + to_string(where), {}}, deadline, done);
  });
}

void chunk_store::mark_uploads(std::string mark) {
  parts_->loop->post([parts = parts_.get(), mark = std::move(mark)] { parts->mark = mark; });
}

void chunk_store::look(const chunk_id& id, const std::string& server, time_point deadline,
                       completion<result<stored_chunk>> done) {
  const auto where = parse_file_id(id);
  if (!where) return done({refusal("not a file id: " + id), {}});
  parts_->loop->post([parts = parts_.get(), where = *where, server, deadline, done = std::move(done)] {
    look_at_chunk(*parts, where, server, deadline, done);
  });
}

void chunk_store::forget_stock() {
  parts_->loop->post([stock = parts_->stock] { stock->forget(); });
}

chunk_store_usage chunk_store::measure() const {
  return {parts_->puts.used(), parts_->gets.used(), parts_->pool.opened()};
}

}  // namespace tidegate::smq::seaweedmq
