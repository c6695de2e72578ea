#include "smq/seaweedmq/http/http_message.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace tidegate::smq::seaweedmq {

namespace {

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_address_char(char c) { return is_host_char(c) || c == ':' || c == '%'; }

/// Reads the digits at the front of `text` and takes them off.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [stopped, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string head_of(const http_request& request) {
  std::string head;
  head.reserve(256 + request.token.size());
  switch (request.verb) {
    case http_verb::get: head += "GET "; break;
    case http_verb::post: head += "POST "; break;
    case http_verb::erase: head += "DELETE "; break;
  }
  head += request.target + " HTTP/1.1\r\nHost: " + request.server + "\r\nUser-Agent: tidegate\r\n";
  if (!request.token.empty()) head += "Authorization: Bearer " + request.token + "\r\n";
  if (request.verb == http_verb::get) {
    head += "Range: bytes=" + std::to_string(request.position) + '-' +
            std::to_string(request.position + request.count - 1) + "\r\n";
  }
  if (request.verb == http_verb::post) {
    std::uint64_t size = 0;
    for (const auto& part : request.body) size += part.size();
    if (!request.mark.empty()) head += "Seaweed-Tidegate: " + request.mark + "\r\n";
    head += "Content-Type: application/octet-stream\r\nContent-Length: " + std::to_string(size) + "\r\n";
  }
  return head += "\r\n";
}

bool is_server(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > 300) return false;
  auto port = text.substr(colon + 1);
  const auto number = take_number(port);
  if (!number || !port.empty() || *number == 0 || *number > 65535) return false;
  const auto host = text.substr(0, colon);
  if (host.front() != '[') return std::all_of(host.begin(), host.end(), is_host_char);
  return host.size() > 2 && host.back() == ']' && std::all_of(host.begin() + 1, host.end() - 1, is_address_char);
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::optional<content_range> parse_content_range(std::string_view text) {
  content_range range;
  if (!take(text, "bytes ")) return std::nullopt;
  std::uint64_t end = 0;
  if (!take(text, "*")) {
    range.position = take_number(text);
    if (!range.position || !take(text, "-")) return std::nullopt;
    const auto last = take_number(text);
    if (!last || *last < *range.position || *last == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    end = *last + 1;
    range.length = end - *range.position;
  }
  if (!take(text, "/")) return std::nullopt;
  const auto total = take_number(text);
  if (!total || !text.empty() || end > *total) return std::nullopt;
  range.total = *total;
  return range;
}

}  // namespace tidegate::smq::seaweedmq
