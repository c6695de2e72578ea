#include "tests/smq/seaweedmq_http/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace tidegate::smq::testing {

namespace {

constexpr long day_seconds = 86400;

template <auto free>
struct freed_by {
  template <class T>
  void operator()(T* one) const {
    free(one);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;

void add_extension(X509* to, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, to, to, nullptr, nullptr, 0);
  auto* made = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (made == nullptr || X509_add_ext(to, made, -1) != 1) CAF_FAIL("bad extension " << value);
  X509_EXTENSION_free(made);
}

x509_ptr certificate(const std::string& name, EVP_PKEY* key, X509_NAME* issuer, int serial, int days) {
  x509_ptr made{X509_new()};
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -40 * day_seconds);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), days * day_seconds);
  auto* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), issuer == nullptr ? subject : issuer);
  X509_set_pubkey(made.get(), key);
  return made;
}

void write_certificate(const std::string& path, X509* what) {
  const bio_ptr out{BIO_new_file(path.c_str(), "w")};
  if (!out || PEM_write_bio_X509(out.get(), what) != 1) CAF_FAIL("cannot write " << path);
}

}  // namespace

struct test_key {
  key_ptr key{EVP_EC_gen("P-256")};
  x509_ptr certificate;
};

test_authority::test_authority() : key_(std::make_unique<test_key>()) {
  key_->certificate = certificate("test CA", key_->key.get(), nullptr, 1, 30);
  add_extension(key_->certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(key_->certificate.get(), key_->key.get(), EVP_sha256());
  write_certificate(ca(), key_->certificate.get());
}

test_authority::~test_authority() = default;

seaweedmq::tls_files test_authority::issue(const std::string& names, int days) {
  const auto base = home_.path("/" + std::to_string(++issued_));
  const seaweedmq::tls_files files{ca(), base + ".crt", base + ".key"};
  const key_ptr own{EVP_EC_gen("P-256")};
  const auto made = certificate("127.0.0.1", own.get(), X509_get_subject_name(key_->certificate.get()), issued_ + 1, days);
  if (!names.empty()) add_extension(made.get(), NID_subject_alt_name, names);
  X509_sign(made.get(), key_->key.get(), EVP_sha256());
  write_certificate(files.cert, made.get());
  const bio_ptr out{BIO_new_file(files.key.c_str(), "w")};
  if (!out || PEM_write_bio_PrivateKey(out.get(), own.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    CAF_FAIL("cannot write " << files.key);
  return files;
}

struct fake_channel::tls_state {
  std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>> context{SSL_CTX_new(TLS_server_method())};
  std::unique_ptr<SSL, freed_by<SSL_free>> ssl;
};

fake_channel::fake_channel(int socket, const server_tls* tls) : socket_(socket) {
  if (tls == nullptr) return;
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write()
  const timeval patience{20, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  tls_ = std::make_unique<tls_state>();
  auto* context = tls_->context.get();
  SSL_CTX_use_certificate_chain_file(context, tls->files.cert.c_str());
  SSL_CTX_use_PrivateKey_file(context, tls->files.key.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_load_verify_file(context, tls->files.ca.c_str());
  if (tls->wants_certificate) SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (tls->is_old) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  }
  tls_->ssl.reset(SSL_new(context));
  SSL_set_fd(tls_->ssl.get(), socket);
  open_ = SSL_accept(tls_->ssl.get()) == 1;
}

fake_channel::~fake_channel() { ::close(socket_); }

std::string fake_channel::read() {
  std::array<char, 65536> room{};
  const auto got = tls_ ? SSL_read(tls_->ssl.get(), room.data(), static_cast<int>(room.size()))
                        : static_cast<int>(::recv(socket_, room.data(), room.size(), 0));
  return got <= 0 ? std::string{} : std::string(room.data(), static_cast<std::size_t>(got));
}

void fake_channel::write(const std::string& bytes) {
  if (bytes.empty()) return;
  if (tls_) SSL_write(tls_->ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
  else ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace tidegate::smq::testing
