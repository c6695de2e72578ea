#include "smq/seaweedmq/http/look_operation.hpp"

namespace tidegate::smq::seaweedmq {

namespace {

result<stored_chunk> judge(const std::string& server, const http_result& got) {
  if (!got.answered) return {{status::unknown, got.reason, 0}, {}};
  const auto& response = got.response;
  if (response.status == 404) return {{status::absent, {}, 0}, {}};
  if (response.status == 206 && response.total) return {{}, {*response.total, response.mark}};
  if (response.status == 200) return {{}, {response.body.size(), response.mark}};
  return {{status::unknown, server + ": status " + std::to_string(response.status), 0}, {}};
}

}  // namespace

void look_at_chunk(store_parts& parts, const file_id& id, const std::string& server, time_point deadline,
                   completion<result<stored_chunk>> done) {
  if (server.empty()) {
    return parts.places->find(id.volume, false, [&parts, id, deadline, done = std::move(done)](const locations& found) {
      if (found.servers.empty()) return done({{status::unknown, found.reason, 0}, {}});
      look_at_chunk(parts, id, found.servers.front(), deadline, done);
    });
  }
  http_request request;
  request.server = server;
  request.target = '/' + to_string(id);
  request.token = parts.token_for(id);
  request.count = 1;
  request.deadline = deadline;
  parts.pool.send(std::move(request), [server, done = std::move(done)](const http_result& got) {
    done(judge(server, got));
  });
}

}  // namespace tidegate::smq::seaweedmq
