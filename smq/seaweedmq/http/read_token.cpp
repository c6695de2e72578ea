#include "smq/seaweedmq/http/read_token.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>
#include <string_view>

namespace tidegate::smq::seaweedmq {

namespace {

/// With '-' and '_', without padding.
std::string base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                    reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  text.resize(text.find_last_not_of('=') + 1);
  for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

}  // namespace

std::string read_token(const std::string& key, const file_id& id, std::int64_t expires) {
  auto token = base64url(R"({"alg":"HS256","typ":"JWT"})") + '.' +
               base64url(R"({"fid":")" + to_string(id) + R"(","exp":)" + std::to_string(expires) + '}');
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(token.data()),
           token.size(), digest.data(), &size) == nullptr)
    throw std::runtime_error("HMAC-SHA256 is not available");
  return token + '.' + base64url({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace tidegate::smq::seaweedmq
