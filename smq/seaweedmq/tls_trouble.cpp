#include "smq/seaweedmq/tls_trouble.hpp"

#include <string_view>

namespace tidegate::smq::seaweedmq {

namespace {

struct advice {
  std::string_view sign;  // in the words of gRPC 1.51
  std::string_view over_tls;
  std::string_view without_tls;
};

constexpr std::string_view not_accepted =
    "the server closed the connection: it may not accept smq.tls_cert (another CA, out of date, or not among its "
    "allowed_commonNames)";
constexpr std::string_view not_set =
    "the server closed the connection: it may want TLS, and smq.tls_ca, smq.tls_cert and smq.tls_key are not set";

constexpr advice all_advice[] = {
    {"certificate verify failed", "the server's certificate is not of the CA in smq.tls_ca, or out of date", {}},
    {"wrong version number", "the server speaks no TLS", {}},
    {"Endpoint read failed", not_accepted, not_set},
    {"Socket closed", not_accepted, not_set},
    {"Connection reset by peer", not_accepted, not_set},
};

}  // namespace

std::string with_tls_advice(std::string reason, bool over_tls) {
  for (const auto& one : all_advice) {
    const auto meaning = over_tls ? one.over_tls : one.without_tls;
    if (meaning.empty() || reason.find(one.sign) == std::string::npos) continue;
    return std::string{meaning} + " (" + std::move(reason) + ')';
  }
  return reason;
}

}  // namespace tidegate::smq::seaweedmq
