// The frames of a stream are the same in whatever pieces it comes, and memory grows with what came only.
// Input: limit 1, count of pieces 1, their sizes 2 each (the last one repeats), size of a tail 2, the odd byte that
// fills it 1, then the stream; the tail is seldom so large that a frame's own buffer has to grow.
#include "net/frame_reader.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cstring>

using namespace tidegate;
using net::frame_reader;

namespace {

struct expected {
  std::vector<byte_view> frames;
  bool is_bad = false;
  std::size_t left = 0;  // bytes behind the last whole frame
};

/// The whole stream at once.
expected read_at_once(byte_view stream, std::size_t limit) {
  expected out;
  while (stream.size() >= 4) {
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8U | std::to_integer<std::uint32_t>(stream[i]);
    if (length > limit) {
      out.is_bad = true;
      break;
    }
    if (length > stream.size() - 4) break;
    out.frames.push_back(stream.subspan(4, length));
    stream = stream.subspan(4 + std::size_t{length});
  }
  out.left = stream.size();
  return out;
}

/// Takes the frames that are complete now. False: bad_length.
bool drain(frame_reader& reader, const expected& wanted, std::size_t& taken) {
  shared_bytes frame;
  auto status = reader.next(frame);
  for (; status == frame_reader::status::frame; status = reader.next(frame)) {
    fuzz::require(taken < wanted.frames.size(), "a frame that is not in the stream");
    fuzz::require(std::ranges::equal(frame.view(), wanted.frames[taken++]), "a frame with other bytes");
  }
  return status == frame_reader::status::need_more;
}

}  // namespace

void fuzz::run(byte_view input) {
  dice from(input);
  constexpr std::size_t limits[] = {0, 100, 5000, 100'000, 104'857'600};
  const auto limit = limits[from.byte() % std::size(limits)];
  std::vector<std::size_t> pieces(1 + from.byte() % 8U);
  for (auto& piece : pieces) piece = 1 + from.number();
  const auto tail = from.number();
  byte_buffer stream(tail < 0xff00 ? tail / 16 : 2 * tail, static_cast<std::byte>(from.byte() | 1));
  stream.insert(stream.begin(), from.rest().begin(), from.rest().end());

  const auto wanted = read_at_once(stream, limit);
  frame_reader reader(limit);
  std::size_t taken = 0;
  std::size_t at = 0;
  bool is_good = true;
  for (std::size_t turn = 0; is_good && at < stream.size(); ++turn) {
    const auto room = reader.prepare();
    require(!room.empty(), "no room");
    const auto size = std::min({pieces[std::min(turn, pieces.size() - 1)], room.size(), stream.size() - at});
    std::memcpy(room.data(), stream.data() + at, size);
    reader.commit(size);
    at += size;
    is_good = drain(reader, wanted, taken);
    require(reader.capacity() <= 4096 + 65536 + 4 * at, "memory for bytes that did not come");
  }
  require(is_good == !wanted.is_bad, "a bad length is seen, and nothing else is one");
  require(taken == wanted.frames.size(), "every whole frame comes out");
  if (is_good) require(reader.is_inside_frame() == (wanted.left > 0), "inside a frame");
}
