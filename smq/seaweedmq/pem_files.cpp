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

outcome check_pair(const tls_files& files, const pem_texts& texts) {
  const auto own = first_certificate(texts.cert);
  if (!own) return refusal("no certificate in " + files.cert);
  const auto own_key = key_of(texts.key);
  if (!own_key) return refusal("no private key in " + files.key + ", or one with a password");
  if (X509_check_private_key(own.get(), own_key.get()) != 1)
    return refusal(files.key + " is not the key of " + files.cert);
  return {};
}

}  // namespace

result<pem_texts> read_pem_files(const tls_files& files, own_certificate own) {
  if (files.ca.empty()) return {refusal("TLS needs a CA"), {}};
  const bool has_own = !files.cert.empty() && !files.key.empty();
  if (!has_own && (own == own_certificate::needed || files.cert != files.key))
    return {refusal("TLS needs ca, cert and key"), {}};
  pem_texts texts;
  for (const auto& [path, into] :
       {std::pair{files.ca, &texts.ca}, std::pair{files.cert, &texts.cert}, std::pair{files.key, &texts.key}})
    if (!path.empty() && !read_file(path, *into)) return {refusal("cannot read " + path), {}};
  if (!first_certificate(texts.ca)) return {refusal("no certificate in " + files.ca), {}};
  if (!has_own) return {{}, std::move(texts)};
  auto usable = check_pair(files, texts);
  return {std::move(usable), std::move(texts)};
}

}  // namespace tidegate::smq::seaweedmq
