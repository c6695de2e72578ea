#include "smq/seaweedmq/channel.hpp"

#include "smq/seaweedmq/pem_files.hpp"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cstdlib>
#include <mutex>

namespace tidegate::smq::seaweedmq {

namespace {

// An answer to get_many or a listed entry; SeaweedFS's servers send up to 1 GiB, gRPC's default is 4 MiB.
constexpr int max_receive_bytes = 256 << 20;

// A certificate that was renewed in time is used by the next connection.
constexpr unsigned seconds_between_looks = 10;

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
  // A filer that comes back is used again at once; the defaults go up to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 3000);  // of one try, with TLS: four times to a far place and back
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 250);
  return arguments;
}

/// Its words about failed connections come with the calls that they fail, where they are logged once.
void mute_grpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

/// Mutual TLS. SeaweedFS verifies chains, never host names: its certificates need not name the host.
result<std::shared_ptr<grpc::ChannelCredentials>> tls_credentials(const tls_files& files) {
  if (auto usable = read_pem_files(files, own_certificate::needed); !usable.is_ok())
    return {std::move(usable.what), {}};
  grpc::experimental::TlsChannelCredentialsOptions wanted;
  wanted.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.key, files.cert, files.ca, seconds_between_looks));
  wanted.watch_root_certs();
  wanted.watch_identity_key_cert_pairs();
  wanted.set_verify_server_certs(true);
  wanted.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  wanted.set_check_call_host(false);
  return {{}, grpc::experimental::TlsCredentials(wanted)};
}

}  // namespace

result<std::shared_ptr<grpc::Channel>> make_channel(const std::string& target, const tls_files& tls) {
  static std::once_flag muted;
  std::call_once(muted, mute_grpc);
  auto credentials = grpc::InsecureChannelCredentials();
  if (tls.is_set()) {
    auto secure = tls_credentials(tls);
    if (!secure.is_ok()) return {secure.what, {}};
    credentials = std::move(secure.value);
  }
  return {{}, grpc::CreateCustomChannel(target, credentials, channel_arguments())};
}

}  // namespace tidegate::smq::seaweedmq
