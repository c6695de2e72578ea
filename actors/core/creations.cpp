#include "actors/core/creations.hpp"

#include <arpa/inet.h>

namespace tidegate::core {

std::string creations::owner_of(const std::string& client) {
  constexpr std::size_t network_bytes = 8;
  const auto begin = client.find('[');
  const auto end = client.rfind(']');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return client;
  in6_addr address{};
  const auto text = client.substr(begin + 1, end - begin - 1);
  if (inet_pton(AF_INET6, text.c_str(), &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address)) return client;
  return {address.s6_addr, address.s6_addr + network_bytes};
}

}  // namespace tidegate::core
