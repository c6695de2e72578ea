#define CAF_SUITE kafka_round_trip
#include "tests/messages/kafka/all_messages.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate;
using namespace tidegate::kafka;
using namespace tidegate::kafka::test;

CAF_TEST(what is encoded is decoded again in every version of every message) {
  for_each_version([]<class Message>(const std::string& what, std::int16_t version) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const auto message = random_message<Message>(seed, version);
      const auto decoded = decode<Message>(shared_bytes(join(encode(message, version))), version);
      if (!decoded || !(*decoded == message)) CAF_FAIL(what << " seed " << seed);
    }
  });
}

CAF_TEST(every prefix is refused) {
  for_each_version([]<class Message>(const std::string& what, std::int16_t version) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const auto whole = join(encode(random_message<Message>(seed, version), version));
      for (std::size_t size = 0; size < whole.size(); ++size) {
        // A buffer of exactly this size, so that AddressSanitizer sees a read beyond it.
        const auto prefix = shared_bytes::copy_of(byte_view(whole).first(size));
        if (decode<Message>(prefix, version)) CAF_FAIL(what << " seed " << seed << " cut to " << size);
      }
    }
  });
}

CAF_TEST(bytes behind a message are ignored as Kafka ignores them) {
  for_each_version([]<class Message>(const std::string& what, std::int16_t version) {
    const auto message = random_message<Message>(7, version);
    auto bytes = join(encode(message, version));
    bytes.insert(bytes.end(), {std::byte{0}, std::byte{0xff}});
    const auto decoded = decode<Message>(shared_bytes(std::move(bytes)), version);
    if (!decoded || !(*decoded == message)) CAF_FAIL(what);
  });
}

CAF_TEST(damaged bytes are refused or decode to something that survives a round trip) {
  for_each_version([]<class Message>(const std::string& what, std::int16_t version) {
    std::mt19937_64 random(static_cast<std::uint64_t>(version));
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto whole = join(encode(random_message<Message>(seed, version), version));
      for (int i = 0; i < 20 && !whole.empty(); ++i) {
        auto bytes = whole;
        bytes[random() % bytes.size()] = static_cast<std::byte>(random() % 3 == 0 ? 0xff : random());
        const auto decoded = decode<Message>(shared_bytes(std::move(bytes)), version);
        if (!decoded) continue;
        const auto again = decode<Message>(shared_bytes(join(encode(*decoded, version))), version);
        if (!again || !(*again == *decoded)) CAF_FAIL(what << " seed " << seed);
      }
    }
  });
}

CAF_TEST(versions outside the table are refused) {
  for_each_message([]<class Message>(const char* name) {
    const auto& api = *find(Message::api);
    for (int version : {api.min_version - 1, api.max_version + 1}) {
      if (decode<Message>({}, static_cast<std::int16_t>(version))) CAF_FAIL(name << " v" << version);
    }
  });
}
