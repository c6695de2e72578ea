#include "smq/seaweedmq/channel.hpp"

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>
#include <sstream>

namespace tidegate::smq::seaweedmq {

namespace {

// An answer to get_many or a listed entry; SeaweedFS's servers send up to 1 GiB, gRPC's default is 4 MiB.
constexpr int max_receive_bytes = 256 << 20;

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(max_receive_bytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // http_proxy is not meant for the store
  // A repeat must be ours: the outcome of a transaction is decided by its fence, call by call.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // SeaweedFS's servers close a connection whose pings come more often than every 20 s.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  // A filer that comes back is used again within a second; the defaults go up to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return arguments;
}

bool read_file(const std::string& path, std::string& into) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream bytes;
  bytes << in.rdbuf();
  into = bytes.str();
  return in.good() && !into.empty();
}

// Mutual TLS. SeaweedFS verifies chains, never host names: its certificates need not name the host.
result<std::shared_ptr<grpc::ChannelCredentials>> tls_credentials(const tls_files& files) {
  using grpc::experimental::IdentityKeyCertPair;
  std::string root;
  IdentityKeyCertPair own;
  for (const auto& [path, into] : {std::pair{files.ca, &root}, std::pair{files.cert, &own.certificate_chain},
                                   std::pair{files.key, &own.private_key}}) {
    if (path.empty()) return {{status::refused, "TLS needs ca, cert and key", 0}, {}};
    if (!read_file(path, *into)) return {{status::refused, "cannot read " + path, 0}, {}};
  }
  grpc::experimental::TlsChannelCredentialsOptions wanted;
  wanted.set_certificate_provider(std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
      root, std::vector<IdentityKeyCertPair>{own}));
  wanted.watch_root_certs();
  wanted.watch_identity_key_cert_pairs();
  wanted.set_verify_server_certs(true);
  wanted.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  wanted.set_check_call_host(false);
  return {{}, grpc::experimental::TlsCredentials(wanted)};
}

}  // namespace

result<std::shared_ptr<grpc::Channel>> make_channel(const std::string& target, const tls_files& tls) {
  auto credentials = grpc::InsecureChannelCredentials();
  if (!tls.ca.empty() || !tls.cert.empty() || !tls.key.empty()) {
    auto secure = tls_credentials(tls);
    if (!secure.is_ok()) return {secure.what, {}};
    credentials = std::move(secure.value);
  }
  return {{}, grpc::CreateCustomChannel(target, credentials, channel_arguments())};
}

}  // namespace tidegate::smq::seaweedmq
