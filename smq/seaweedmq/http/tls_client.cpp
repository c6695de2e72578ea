#include "smq/seaweedmq/http/tls_client.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace tidegate::smq::seaweedmq {

namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

/// Alerts by which a server says that it does not like a certificate, or misses one; RFC 8446, 6.
bool is_about_our_certificate(int alert) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:  // signed by another CA of the same name
    case TLS13_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

/// Throws boost::system::system_error when OpenSSL takes less than read_pem_files does.
std::shared_ptr<ssl::context> context_of(const pem_texts& texts) {
  auto made = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
  // As Go and gRPC do: whatever is in the file is trusted, also when another CA has issued it.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(made->native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  made->set_verify_mode(ssl::verify_peer);
  made->add_certificate_authority(asio::buffer(texts.ca));
  if (texts.cert.empty()) return made;
  made->use_certificate_chain(asio::buffer(texts.cert));
  made->use_private_key(asio::buffer(texts.key), ssl::context::pem);
  return made;
}

}  // namespace

std::shared_ptr<ssl::context> tls_client::context() {
  const auto now = std::chrono::steady_clock::now();
  if (context_ && now < next_look_) return context_;
  next_look_ = now + between_looks_;
  auto found = read_pem_files(files_, own_certificate::optional);
  trouble_ = found.what.reason;
  if (!found.is_ok() || (context_ && found.value == texts_)) return context_;
  try {
    context_ = context_of(found.value);
    texts_ = std::move(found.value);
  } catch (const boost::system::system_error& failed) {
    trouble_ = "cannot use " + files_.ca + ", " + files_.cert + ", " + files_.key + ": " + failed.what();
  }
  return context_;
}

std::string tls_client::meaning_of(unsigned long code, long verified) const {
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return "its certificate does not name it (subjectAltName)";
  if (verified != X509_V_OK) {
    return "its certificate is not of a CA in " + files_.ca + ", or out of date (" +
           X509_verify_cert_error_string(verified) + ')';
  }
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return {};
  const int reason = ERR_GET_REASON(code);
  if (reason == SSL_R_WRONG_VERSION_NUMBER) return "it speaks no HTTPS, as smq.https says";
  const auto* words = ERR_reason_error_string(code);
  const std::string said = words == nullptr ? "error " + std::to_string(reason) : words;
  if (reason < SSL_AD_REASON_OFFSET || !is_about_our_certificate(reason - SSL_AD_REASON_OFFSET)) return "TLS: " + said;
  return meaning_of_silence() + " (" + said + ')';
}

std::string tls_client::meaning_of_silence() const {
  if (files_.cert.empty()) return "it may want a certificate, and smq.https_cert is not set";
  return "it may not accept " + files_.cert + " (another CA, or out of date)";
}

}  // namespace tidegate::smq::seaweedmq
