#pragma once

#include "smq/ports.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::smq::seaweedmq {

/// What one server says about a needle that nobody names.
struct needle_copy {
  std::string server;
  outcome what;  // ok, absent, or unknown: it did not say
  std::uint32_t cookie = 0;
  std::uint32_t crc = 0;
  std::uint32_t bytes = 0;       // as stored: with its name, mark and so on
  std::uint64_t modified = 0;    // seconds since 1970, by the server's clock
  std::string mark;              // that came with the upload; "": none
};

enum class verdict : std::uint8_t {
  orphan,
  gone,      // deleted meanwhile, on every server
  young,     // its name may be on its way
  foreign,   // not ours: another program's, or of a tidegate on another filer
  doubtful,  // a server did not say, or the copies differ
};

struct judgement {
  verdict is = verdict::doubtful;
  std::string reason;  // when doubtful
};

/// Seconds since 1970. A clock that is behind makes chunks young, never old: zero when `older_than` reaches back
/// before 1970. Both in seconds: nanoseconds would overflow.
std::uint64_t cutoff_of(std::chrono::system_clock::time_point now, std::chrono::seconds older_than);

/// `copies`: of every server that has the volume, at least one. `ours`: the mark of our own uploads.
/// `cutoff`: seconds since 1970; what is not older is young.
judgement judge(const std::vector<needle_copy>& copies, const std::string& ours, std::uint64_t cutoff);

}  // namespace tidegate::smq::seaweedmq
