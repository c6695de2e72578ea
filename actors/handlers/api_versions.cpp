#include "messages/kafka/api_versions.hpp"

#include "actors/handlers/table.hpp"
#include "messages/kafka/api_table.hpp"

#include <algorithm>

namespace tidegate::actors::handlers {

namespace {

/// KIP-511: a name and version that clients may show in logs and metrics.
bool is_legal_software_name(const std::string& name) {
  auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), legal);
}

}  // namespace

/// ApiVersions (API key 18). A version that we do not know is answered in version 0 with unsupported_version and the
/// list, so that the client can ask again (KIP-511).
void api_versions(const services&, const request_ptr& r) {
  kafka::api_versions_response response;
  for (const auto& api : kafka::apis)
    response.api_keys.push_back({static_cast<std::int16_t>(api.key), api.advertised_min_version, api.max_version});
  if (!kafka::is_supported(r->header.api_key, r->header.api_version)) {
    response.error_code = error_code::unsupported_version;
    return r->answer_parts(kafka::encode_response(r->header.api_key, 0, r->header.correlation_id, response));
  }
  auto asked = r->decode<kafka::api_versions_request>();
  if (!asked) return;
  if (r->header.api_version >= 3 && !(is_legal_software_name(asked->client_software_name) &&
                                      is_legal_software_name(asked->client_software_version))) {
    response.api_keys.clear();
    response.error_code = error_code::invalid_request;
  }
  r->answer(response);
}

}  // namespace tidegate::actors::handlers
