#define CAF_SUITE filer_formats
#include "smq/seaweedmq/address.hpp"
#include "smq/seaweedmq/entry_codec.hpp"
#include "smq/seaweedmq/outcomes.hpp"
#include "smq/seaweedmq/sendable.hpp"

#include "caf/test/unit_test.hpp"

using namespace tidegate::smq;
using namespace tidegate::smq::seaweedmq;

CAF_TEST(gRPC is at port plus 10000 unless the address says where) {
  CAF_CHECK(grpc_target("filer:8888") == "filer:18888");
  CAF_CHECK(grpc_target("10.0.0.1:8888.7000") == "10.0.0.1:7000");
  CAF_CHECK(grpc_target("[::1]:8888") == "[::1]:18888");
  for (const auto* bad : {"", "filer", ":8888", "filer:", "filer:x", "filer:0", "filer:8888.", "filer:8888.x",
                          "filer:60000", "filer:8888.70000", "filer:-1"})
    CAF_CHECK(!grpc_target(bad));
}

CAF_TEST(an entry is stored as a broker stores a segment) {
  using namespace std::chrono;
  const entry e{"/d/name",
                "abc",
                {{"tg.seg", std::string{"\0\xff", 2}}},
                {{"3,01637037d6", 0, 10, 7}, {"3,02637037d6", 10, 5, 8}}};
  auto stored = encode_entry(e, system_clock::time_point{seconds{1'700'000'000}});
  CAF_CHECK_EQUAL(stored.name(), "name");
  CAF_CHECK_EQUAL(stored.attributes().file_size(), 15U);
  CAF_CHECK_EQUAL(stored.attributes().file_mode(), 0644U);
  CAF_CHECK_EQUAL(stored.attributes().mtime(), 1'700'000'000);
  CAF_CHECK_EQUAL(stored.attributes().crtime(), 1'700'000'000);
  CAF_CHECK_EQUAL(stored.chunks(1).file_id(), "3,02637037d6");
  CAF_CHECK_EQUAL(etag_of("abc"), "900150983cd24fb0d6963f7d28e17f72");
  CAF_CHECK_EQUAL(static_cast<unsigned char>(stored.attributes().md5()[0]), 0x90U);
  CAF_CHECK(decode_entry(e.path, stored) == e);
}

CAF_TEST(only the words of the filer prove that an entry is absent) {
  using grpc::StatusCode;
  const std::string words = "filer: no entry is found in filer store";
  CAF_CHECK(read_outcome({StatusCode::UNKNOWN, words}).code == status::absent);
  CAF_CHECK(read_outcome({StatusCode::UNKNOWN, "not found /x: " + words}).code == status::unknown);
  CAF_CHECK(read_outcome({StatusCode::UNKNOWN, words + "s"}).code == status::unknown);
  CAF_CHECK(read_outcome({StatusCode::NOT_FOUND, ""}).code == status::unknown);
  CAF_CHECK(read_outcome({StatusCode::UNAVAILABLE, words}).code == status::unknown);
}

CAF_TEST(a transaction is what its answer proves) {
  using grpc::Status;
  using grpc::StatusCode;
  struct row {
    Status answer;
    std::string error;
    bool precondition;
    status code;
    std::size_t applied;
  };
  const std::vector<row> rows{
      {Status::OK, "", false, status::ok, 0},
      {Status::OK, "precondition failed", true, status::conflict, 0},
      {Status::OK, "mutation 0: entry name too long", false, status::refused, 0},
      {Status::OK, "mutation 3: entry name too long", false, status::partial, 3},
      {Status::OK, "mutation 1: update entry /p/a: /p/a: existing entry is a directory", false, status::partial, 1},
      {Status::OK, "mutation 0: read only", false, status::refused, 0},
      // These may come after the entry was stored.
      {Status::OK, "mutation 0: mkdir /p: no space left on device", false, status::unknown, 0},
      {Status::OK, "mutation 2: insert entry /p/a: leveldb: closed", false, status::unknown, 0},
      {Status::OK, "mutation x: entry name too long", false, status::unknown, 0},
      {Status::OK, "something else", false, status::unknown, 0},
      {{StatusCode::UNIMPLEMENTED, "unknown method"}, "", false, status::refused, 0},
      {{StatusCode::UNAVAILABLE, "connection refused"}, "", false, status::unknown, 0},
      {{StatusCode::DEADLINE_EXCEEDED, ""}, "", false, status::unknown, 0},
      {{StatusCode::CANCELLED, ""}, "", false, status::unknown, 0},
      {{StatusCode::UNKNOWN, "ObjectTransaction condition /p: store"}, "", false, status::unknown, 0},
  };
  for (const auto& r : rows) {
    const auto o = write_outcome(r.answer, r.error, r.precondition);
    CAF_MESSAGE(r.error << " " << r.answer.error_message());
    CAF_CHECK(o.code == r.code);
    CAF_CHECK_EQUAL(o.applied, r.applied);
  }
}

CAF_TEST(only what Protobuf and the filer take is sent) {
  CAF_CHECK_EQUAL(filer_path_problem("/plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "");
  CAF_CHECK(!filer_path_problem("/a\x80").empty());
  const guard condition{"/f", std::nullopt};
  const auto problem = [&](entry e) { return transaction_problem(condition, {{mutation::kind::put, std::move(e)}}); };
  CAF_CHECK_EQUAL(problem({"/a", "content", {{"name", "\xff"}}, {{"1,01", 0, 1, 0}}}), "");
  CAF_CHECK(!problem({"/\xff", "", {}, {}}).empty());
  CAF_CHECK(!problem({"/a", "", {{"\xff", ""}}, {}}).empty());
  CAF_CHECK(!problem({"/a", "", {}, {{"\xff", 0, 1, 0}}}).empty());
  CAF_CHECK(!problem({"/a", "", {}, {{"1,01", UINT64_MAX, 1, 0}}}).empty());
  CAF_CHECK(!problem({"/a", std::string(5U << 20U, 'x'), {}, {}}).empty());
  CAF_CHECK(!transaction_problem({"relative", std::nullopt}, {}).empty());
  const mutation large{mutation::kind::put, {"/a", std::string(4'000'000, 'x'), {}, {}}};
  CAF_CHECK(transaction_problem(condition, {large, large}).empty());
  CAF_CHECK(!transaction_problem(condition, std::vector<mutation>(17, large)).empty());
}
