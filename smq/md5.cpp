#include "smq/md5.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace tidegate::smq {

md5_digest md5_of(byte_view bytes) {
  // Fetched once: EVP_md5() looks for the implementation at every use, which takes longer than a small digest.
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  md5_digest digest{};
  unsigned size = 0;
  auto* const out = reinterpret_cast<unsigned char*>(digest.data());
  if (md5 == nullptr || EVP_MD_get_size(md5) != static_cast<int>(digest.size()) ||
      EVP_Digest(bytes.data(), bytes.size(), out, &size, md5, nullptr) != 1)
    throw std::runtime_error("no MD5 in this OpenSSL: SeaweedMQ's formats need it");
  return digest;
}

}  // namespace tidegate::smq
