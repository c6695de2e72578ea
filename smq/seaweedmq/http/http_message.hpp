#pragma once

#include "smq/ports.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::smq::seaweedmq {

enum class http_verb : std::uint8_t { get, post, erase };

struct http_request {
  http_verb verb = http_verb::get;
  std::string server;              // host:port
  std::string target;              // path and query
  std::string token;               // sent as a Bearer; "" = none
  std::string mark;                // post: stored with the bytes, see http_response; "" = none
  std::vector<shared_bytes> body;  // post: sent one after the other, not copied
  std::uint64_t position = 0;      // get: the first byte of the range
  std::uint64_t count = 0;         // get: its length, at least 1
  time_point deadline;
};

struct http_response {
  unsigned status = 0;
  std::string etag;                    // without quotes
  std::string mark;                    // that came with the upload
  std::uint64_t position = 0;          // of Content-Range
  std::optional<std::uint64_t> total;  // of Content-Range: size of the whole object
  shared_bytes body;
};

/// What became of one request.
struct http_result {
  bool answered = false;  // `response` is complete
  bool sent = false;      // a byte of the request may have reached the server
  bool overload = false;  // the pool is full: never sent
  bool mismatch = false;  // the server does not fit our settings of HTTPS, see `reason`
  std::string reason;     // when not answered
  http_response response;
};

/// Bodies of anything but the range that a GET asked for: errors and small JSON. A longer one ends the connection.
constexpr std::uint64_t max_side_body = 4096;

/// The head of `request` with its empty line. Volume servers store "Seaweed-X: Y" with an upload and answer "X: Y" with
/// its bytes.
std::string head_of(const http_request& request);

/// True for "host:port" made of letters, digits, '.', '-', '_', or an IPv6 address in brackets: nothing that could
/// end a header line.
bool is_server(std::string_view text);

/// True for visible ASCII without blanks: a token or target that goes into a header as it is.
bool is_plain(std::string_view text);

struct content_range {
  std::optional<std::uint64_t> position;  // nullopt: unsatisfied ("bytes */10")
  std::uint64_t length = 0;
  std::uint64_t total = 0;
};

/// Source: RFC 9110, 14.4. Errors: nullopt for anything else than one range of bytes with a known total.
std::optional<content_range> parse_content_range(std::string_view text);

}  // namespace tidegate::smq::seaweedmq
