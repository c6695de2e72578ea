#define CAF_SUITE counted_ports
#include "smq/counted_ports.hpp"
#include "smq/counters.hpp"
#include "tests/smq/test_engine.hpp"

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;

namespace {

struct fixture {
  scratch_directory directory;
  std::unique_ptr<embedded::engine> engine = open_embedded(directory.path());
  counted_ports counting{engine->ports()};
  blocking calls{counting.ports()};
};

std::uint64_t outcomes(port_call call, status code) {
  return counted.calls[static_cast<std::size_t>(call)].outcomes[static_cast<std::size_t>(code)].value();
}

}  // namespace

CAF_TEST_FIXTURE_SCOPE(counting_calls, fixture)

CAF_TEST(every call is counted by its outcome and answers as before) {
  const auto puts = outcomes(port_call::chunk_put, status::ok);
  const auto refused_puts = outcomes(port_call::chunk_put, status::refused);
  const auto gets = outcomes(port_call::chunk_get, status::ok);
  const auto refused_gets = outcomes(port_call::chunk_get, status::refused);
  const auto absent = outcomes(port_call::get, status::absent);
  const auto stored = outcomes(port_call::transact, status::ok);
  const auto conflicts = outcomes(port_call::transact, status::conflict);
  const auto written = counted.chunk_bytes_written.value();
  const auto read = counted.chunk_bytes_read.value();

  const auto id = calls.put_chunk("0123456789");
  CAF_REQUIRE(id.is_ok());
  CAF_CHECK(!calls.put_chunk("").is_ok());
  CAF_CHECK_EQUAL(as_text(calls.get_chunk(id.value, 2, 3).value.view()), "234");
  CAF_CHECK(!calls.get_chunk(id.value, 5, 6).is_ok());
  CAF_CHECK(calls.get("/a").what.code == status::absent);
  CAF_CHECK(calls.transact({"/a", std::nullopt}, {put("/a", "1")}).is_ok());
  CAF_CHECK(calls.transact({"/a", "2"}, {put("/a", "3")}).code == status::conflict);
  CAF_CHECK_EQUAL(calls.get("/a").value.content, "1");
  CAF_CHECK_EQUAL(calls.list("/").value.entries.size(), 1u);
  CAF_CHECK_EQUAL(calls.get_many({"/a", "/b"}).value.size(), 2u);
  CAF_CHECK(calls.remove_tree("/x").is_ok());

  CAF_CHECK_EQUAL(outcomes(port_call::chunk_put, status::ok), puts + 1);
  CAF_CHECK_EQUAL(outcomes(port_call::chunk_put, status::refused), refused_puts + 1);
  CAF_CHECK_EQUAL(outcomes(port_call::chunk_get, status::ok), gets + 1);
  CAF_CHECK_EQUAL(outcomes(port_call::chunk_get, status::refused), refused_gets + 1);
  CAF_CHECK_EQUAL(outcomes(port_call::get, status::absent), absent + 1);
  CAF_CHECK_EQUAL(outcomes(port_call::transact, status::ok), stored + 1);
  CAF_CHECK_EQUAL(outcomes(port_call::transact, status::conflict), conflicts + 1);
  CAF_CHECK_EQUAL(counted.chunk_bytes_written.value(), written + 10);
  CAF_CHECK_EQUAL(counted.chunk_bytes_read.value(), read + 3);
}

CAF_TEST(the time of a call is counted once) {
  auto& time = counted.calls[static_cast<std::size_t>(port_call::transact)].time;
  const auto count = [&] {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < time.size; ++i) all += time.count_in(i);
    return all;
  };
  const auto before = count();
  const auto sum = time.sum();
  CAF_CHECK(calls.transact({"/a", std::nullopt}, {put("/a", "1")}).is_ok());
  CAF_CHECK_EQUAL(count(), before + 1);
  CAF_CHECK(time.sum() > sum);
}

CAF_TEST(volumes and their bytes are those on the disk) {
  const auto on_disk = [&] {
    std::int64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory.path("/volumes")))
      bytes += static_cast<std::int64_t>(file.file_size());
    return bytes;
  };
  const auto other_engines = counted.volume_bytes.value() - on_disk();
  const auto volumes = counted.volumes.value();
  CAF_CHECK(calls.transact({"/a", std::nullopt}, {put("/a", std::string(100'000, 'x'))}).is_ok());
  CAF_CHECK(on_disk() > 100'000);
  CAF_CHECK_EQUAL(counted.volume_bytes.value() - other_engines, on_disk());
  CAF_CHECK_EQUAL(counted.volumes.value(), volumes);
  const auto bytes = on_disk();
  const auto before = counted.volume_bytes.value();
  engine.reset();
  engine = open_embedded(directory.path());  // as another process would: what is there is added
  CAF_CHECK_EQUAL(counted.volume_bytes.value() - before, bytes);
}

CAF_TEST_FIXTURE_SCOPE_END()
