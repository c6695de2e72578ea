#include "smq/seaweedmq/pem_files.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::size_t max_file = 1U << 20U;

template <auto free>
struct freed_by {
  template <class T>
  void operator()(T* one) const {
    free(one);
  }
};
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;

bool read_file(const std::string& path, std::string& into) {
  std::ifstream in{path, std::ios::binary};
  into.resize(max_file);
  in.read(into.data(), static_cast<std::streamsize>(into.size()));
  into.resize(static_cast<std::size_t>(in.gcount()));
  return in.eof() && !in.bad();
}

bio_ptr bio_of(const std::string& text) { return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}; }

x509_ptr first_certificate(const std::string& text) {
  return x509_ptr{PEM_read_bio_X509(bio_of(text).get(), nullptr, nullptr, nullptr)};
}

/// An encrypted key is none: nobody is there to be asked for its password.
int no_password(char*, int, int, void*) { return 0; }

key_ptr key_of(const std::string& text) {
  return key_ptr{PEM_read_bio_PrivateKey(bio_of(text).get(), nullptr, &no_password, nullptr)};
}

outcome refusal(std::string reason) { return {status::refused, std::move(reason), 0}; }

}  // namespace

outcome check_pem_files(const tls_files& files) {
  std::string ca;
  std::string cert;
  std::string key;
  for (const auto& [path, into] : {std::pair{files.ca, &ca}, std::pair{files.cert, &cert}, std::pair{files.key, &key}}) {
    if (path.empty()) return refusal("TLS needs ca, cert and key");
    if (!read_file(path, *into)) return refusal("cannot read " + path);
  }
  if (!first_certificate(ca)) return refusal("no certificate in " + files.ca);
  const auto own = first_certificate(cert);
  if (!own) return refusal("no certificate in " + files.cert);
  const auto own_key = key_of(key);
  if (!own_key) return refusal("no private key in " + files.key + ", or one with a password");
  if (X509_check_private_key(own.get(), own_key.get()) != 1)
    return refusal(files.key + " is not the key of " + files.cert);
  return {};
}

}  // namespace tidegate::smq::seaweedmq
