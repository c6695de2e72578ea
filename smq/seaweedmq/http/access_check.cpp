#include "smq/seaweedmq/http/access_check.hpp"

namespace tidegate::smq::seaweedmq {

namespace {

outcome judge(const std::string& server, const http_result& got) {
  auto why = "the volume server " + server + " does not let us read: ";
  if (got.mismatch) return {status::refused, why + got.reason, 0};
  const auto code = got.response.status;
  if (code < 400 || code >= 500 || code == 404 || code == 429) return {};
  if (code == 401)
    why += "smq.jwt_read_key is not the key of [jwt.signing.read] in its security.toml, or the clock of this "
           "machine is behind";
  else if (!got.answered) why += got.reason;
  else why += "status " + std::to_string(code);
  return {status::refused, std::move(why), 0};
}

}  // namespace

void check_access(store_parts& parts, time_point deadline, completion<outcome> done) {
  parts.stock->take(0, deadline, [&parts, deadline, done = std::move(done)](const slot_or_reason& got) {
    if (!got.slot) return done({});
    http_request request;
    request.server = got.slot->server;
    request.target = '/' + to_string(got.slot->id);
    request.token = parts.token_for(got.slot->id);
    request.count = 1;
    request.deadline = deadline;
    parts.pool.send(std::move(request), [server = got.slot->server, done](const http_result& answer) {
      done(judge(server, answer));
    });
  });
}

}  // namespace tidegate::smq::seaweedmq
