// Writes random messages and the schema of every version of every message for Oracle.java, which judges them by Kafka's
// own classes. Lines: `message KEY VERSION request|response HEX`, `schema KEY VERSION request|response
// FIELD;FIELD;...`. Argument: seed (default 1).
#include "messages/kafka/schema.hpp"
#include "tests/messages/kafka/all_messages.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

using namespace tidegate;
using namespace tidegate::kafka;
using namespace tidegate::kafka::test;

namespace {

constexpr std::uint64_t messages_per_version = 50;

std::string hex(byte_view bytes) {
  constexpr auto digits = "0123456789abcdef";
  std::string result;
  for (auto byte : bytes) {
    result += digits[std::to_integer<unsigned>(byte) >> 4];
    result += digits[std::to_integer<unsigned>(byte) & 15U];
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  for_each_version([&]<class Message>(const std::string& what, std::int16_t version) {
    const auto* direction = what.find("_request ") != std::string::npos ? " request " : " response ";
    const auto subject =
        " " + std::to_string(static_cast<int>(Message::api)) + " " + std::to_string(version) + direction;
    std::cout << "schema" << subject;
    for (const auto& line : schema_of<Message>(version)) std::cout << line << ';';
    std::cout << '\n';
    for (std::uint64_t i = 0; i < messages_per_version; ++i) {
      const auto message = random_message<Message>(seed * messages_per_version + i, version);
      std::cout << "message" << subject << hex(join(encode(message, version))) << '\n';
    }
  });
}
