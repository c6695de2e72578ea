#include "smq/seaweedmq/http/put_operation.hpp"

#include "smq/counters.hpp"
#include "smq/seaweedmq/http/discard_operation.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace tidegate::smq::seaweedmq {

namespace {

std::string hex_of(std::uint32_t crc) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", crc);
  return text.data();
}

/// The number behind `"size":` in the answer to an upload.
std::optional<std::uint64_t> stored_size(std::string_view json) {
  constexpr std::string_view key = "\"size\":";
  const auto at = json.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t size = 0;
  const auto* begin = json.data() + at + key.size();
  const auto [stopped, failed] = std::from_chars(begin, json.data() + json.size(), size);
  if (failed != std::errc{}) return std::nullopt;
  return size;
}

constexpr unsigned created = 201;
constexpr unsigned unchanged = 204;  // this very file id holds these very bytes already

}  // namespace

put_operation::put_operation(store_parts& parts, std::vector<shared_bytes> body, std::uint64_t size, std::uint32_t crc,
                             time_point deadline, completion<result<chunk_id>> done)
  : parts_(parts),
    body_(std::move(body)),
    size_(size),
    crc_(hex_of(crc)),
    deadline_(deadline),
    done_(std::move(done)) {}

void put_operation::start() {
  auto turned_away = [self = shared_from_this()](const std::string& reason) { self->give_up(reason); };
  auto go = [self = shared_from_this()] {
    self->is_inside_ = true;
    self->try_one();
  };
  parts_.puts.enter(size_, deadline_, std::move(go), std::move(turned_away));
}

void put_operation::try_one() {
  ++attempts_;
  parts_.stock->take(size_, deadline_, [self = shared_from_this()](const slot_or_reason& got) { self->upload(got); });
}

void put_operation::upload(const slot_or_reason& got) {
  if (!got.slot) return give_up(got.reason);
  http_request request;
  request.verb = http_verb::post;
  request.server = got.slot->server;
  request.target = got.slot->target + (parts_.options.fsync ? "?fsync=true" : "");
  request.token = got.slot->token;
  request.mark = parts_.mark;
  request.body = body_;
  request.deadline = parts_.try_until(deadline_, attempts_ >= parts_.options.put_attempts);
  parts_.pool.send(std::move(request), [self = shared_from_this(), slot = *got.slot](const http_result& answer) {
    self->judge(slot, answer);
  });
}

void put_operation::judge(const upload_slot& slot, const http_result& got) {
  auto fault = fault_of(got);
  if (fault.empty()) return finish({}, to_string(slot.id));
  // Never again with this id: the bytes may be there, or still be on their way.
  const auto status = got.answered ? got.response.status : 0;
  const bool turned_down = status >= 400 && status < 500;
  if (got.sent && !turned_down && status != unchanged) {
    doubt_ = true;
    discard_best_effort(parts_, slot);
  }
  if (got.overload) return give_up(fault);
  parts_.stock->drop(slot.batch);
  reason_ = "upload of " + to_string(slot.id) + ": " + fault;
  if (attempts_ >= parts_.options.put_attempts || std::chrono::steady_clock::now() >= deadline_) return give_up({});
  counted.uploads_repeated.add();
  try_one();
}

std::string put_operation::fault_of(const http_result& got) const {
  if (!got.answered) return got.reason;
  const auto& response = got.response;
  const auto text = as_text(response.body.view());
  if (response.status != created) return "status " + std::to_string(response.status) + ' ' + std::string(text);
  if (stored_size(text) != size_) return "stored with another size: " + std::string(text);
  if (response.etag != crc_) return "stored with CRC-32C " + response.etag + " instead of " + crc_;
  return {};
}

void put_operation::give_up(const std::string& reason) {
  if (!reason.empty()) reason_ = reason_.empty() ? reason : reason + " (before that: " + reason_ + ')';
  finish({doubt_ ? status::unknown : status::refused, reason_, 0}, {});
}

void put_operation::finish(outcome what, chunk_id id) {
  body_.clear();
  std::exchange(done_, {})({std::move(what), std::move(id)});
  if (is_inside_) parts_.puts.leave(size_);
}

}  // namespace tidegate::smq::seaweedmq
