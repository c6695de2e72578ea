#define CAF_SUITE frame_reader
#include "net/frame_reader.hpp"

#include "tests/net/loopback.hpp"

#include "caf/test/unit_test.hpp"

#include <rapidcheck.h>

using namespace tidegate;
using net::frame_reader;
using net::test::framed;

namespace {

constexpr std::size_t limit = 1000000;

/// Feeds `stream` in pieces of the given sizes (the last one repeats) and collects the frames.
std::vector<std::string> read_in_pieces(const std::string& stream, const std::vector<std::size_t>& pieces) {
  frame_reader reader(limit);
  std::vector<std::string> frames;
  std::size_t at = 0;
  std::size_t turn = 0;
  while (at < stream.size()) {
    const auto room = reader.prepare();
    const auto piece = std::min({pieces[std::min(turn++, pieces.size() - 1)], room.size(), stream.size() - at});
    std::memcpy(room.data(), stream.data() + at, piece);
    reader.commit(piece);
    at += piece;
    shared_bytes frame;
    while (reader.next(frame) == frame_reader::status::frame) frames.emplace_back(as_text(frame.view()));
  }
  return frames;
}

frame_reader::status feed(frame_reader& reader, const std::string& bytes) {
  const auto room = reader.prepare();
  std::memcpy(room.data(), bytes.data(), bytes.size());
  reader.commit(bytes.size());
  shared_bytes frame;
  return reader.next(frame);
}

}  // namespace

CAF_TEST(a stream split at any byte gives the same frames) {
  const std::vector<std::string> frames{"abc", "", std::string(5000, 'x'), "z"};
  std::string stream;
  for (const auto& one : frames) stream += framed(one);
  for (std::size_t split = 1; split < stream.size(); ++split) {
    if (read_in_pieces(stream, {split, stream.size()}) != frames) CAF_FAIL("split at " << split);
  }
  CAF_CHECK(read_in_pieces(stream, {1}) == frames);
}

CAF_TEST(frames of any size in pieces of any size come out whole) {
  CAF_CHECK(rc::check("frames in pieces", [] {
    const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 200000));
    const auto pieces =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 70000)));
    std::vector<std::string> frames;
    std::string stream;
    for (const auto size : sizes) {
      frames.emplace_back(size, static_cast<char>('a' + frames.size() % 26));
      stream += framed(frames.back());
    }
    RC_ASSERT(read_in_pieces(stream, pieces) == frames);
  }));
}

CAF_TEST(a negative length and one above the limit are refused without memory for them) {
  for (const auto& head : {std::string("\xff\xff\xff\xff", 4), std::string("\x00\x0f\x42\x41", 4)}) {
    frame_reader reader(limit);
    CAF_CHECK(feed(reader, head) == frame_reader::status::bad_length);
    CAF_CHECK_EQUAL(reader.capacity(), 4096u);
  }
}

CAF_TEST(an announced frame gets memory only as its bytes come) {
  frame_reader reader(100000000);
  CAF_CHECK(feed(reader, std::string("\x05\xf5\xe1\x00", 4)) == frame_reader::status::need_more);
  std::size_t received = 0;
  while (received < 10000000) {
    CAF_REQUIRE_LESS_OR_EQUAL(reader.capacity(), 4096 + 65536 + 4 * received);
    const auto count = reader.prepare().size();
    CAF_REQUIRE_LESS_OR_EQUAL(reader.capacity(), 4096 + 65536 + 4 * received);
    reader.commit(count);
    received += count;
  }
}

CAF_TEST(a large frame behind one that came whole takes its memory in two steps) {
  constexpr std::size_t size = 1000000;
  frame_reader reader(100000000);
  shared_bytes frame;
  std::vector<std::size_t> capacities[2];
  for (auto& seen : capacities) {
    CAF_REQUIRE(feed(reader, std::string("\x00\x0f\x42\x40", 4)) == frame_reader::status::need_more);
    for (std::size_t received = 0; received < size;) {
      const auto count = reader.prepare().size();
      if (seen.empty() || seen.back() != reader.large_capacity()) seen.push_back(reader.large_capacity());
      reader.commit(count);
      received += count;
    }
    CAF_REQUIRE(reader.next(frame) == frame_reader::status::frame);
    CAF_CHECK_EQUAL(frame.size(), size);
  }
  CAF_CHECK_EQUAL(capacities[0].size(), 3u);
  CAF_CHECK_EQUAL(capacities[1].size(), 2u);
  CAF_CHECK_LESS_OR_EQUAL(capacities[1].front(), 65536u);
}

CAF_TEST(a buffer that grew for a burst shrinks when the connection becomes quiet) {
  frame_reader reader(limit);
  std::string burst;
  while (burst.size() < 200000) burst += framed("0123456789");
  shared_bytes frame;
  const auto drain = [&] {
    while (reader.next(frame) == frame_reader::status::frame) {}
  };
  for (std::size_t at = 0; at < burst.size();) {
    const auto room = reader.prepare();
    const auto count = std::min(room.size(), burst.size() - at);
    std::memcpy(room.data(), burst.data() + at, count);
    reader.commit(count);
    drain();
    at += count;
  }
  CAF_CHECK_EQUAL(reader.capacity(), 65536u);
  for (int i = 0; i < 20; ++i) {
    feed(reader, framed("quiet"));
    drain();
  }
  CAF_CHECK_EQUAL(reader.capacity(), 4096u);
}
