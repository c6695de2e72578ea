#define CAF_SUITE weed_https
// Chunks on a real SeaweedFS whose volume servers speak HTTPS and want certificates.
#include "tests/smq/seaweedmq_http/fake_server.hpp"
#include "tests/smq/seaweedmq_http/weed_cluster.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;
using namespace tidegate::smq::testing;

namespace {

std::string section(const std::string& name, const tls_files& files) {
  return "[https." + name + "]\nenabled = true\ncert = \"" + files.cert + "\"\nkey = \"" + files.key + "\"\nca = \"" +
         files.ca + "\"\n";
}

}  // namespace

CAF_TEST(chunks of every size are put and read and discarded on both copies) {
  test_authority authority;
  const auto server = authority.issue();
  weed_cluster cluster(2, "001", section("volume", server) + section("client", server));
  master_directory where(cluster);
  chunk_store_options options;
  options.copies = 2;
  options.https = authority.issue("");
  chunk_store store(where, options);
  CAF_CHECK(wait_for<outcome>([&](auto done) { store.check_access(soon(), done); }).is_ok());
  for (const std::size_t size : {1U, 100U, 16383U, 16384U, 16385U, 1U << 20U, 20U << 20U}) {
    std::string bytes(size, 'x');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    const auto id = put_to(store, bytes);
    CAF_REQUIRE(id.is_ok());
    CAF_CHECK(text_from(store, id.value, 0, size) == bytes);
    CAF_CHECK(text_from(store, id.value, size / 3, size - size / 3) == bytes.substr(size / 3));
    CAF_CHECK(wait_for<outcome>([&](auto done) { store.discard(id.value, soon(), done); }).is_ok());
    CAF_CHECK(get_from(store, id.value, 0, 1).what.code == status::absent);
  }
  CAF_CHECK(store.measure().connections_opened <= 8U);
  chunk_store plain(where, {});
  CAF_CHECK(wait_for<outcome>([&](auto done) { plain.check_access(soon(), done); }).code == status::refused);
}
