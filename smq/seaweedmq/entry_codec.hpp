#pragma once

#include "smq/ports.hpp"

#include <filer.pb.h>

#include <chrono>
#include <string>
#include <string_view>

/// Entries as the filer keeps them. For the .cpp files of this folder only.
namespace tidegate::smq::seaweedmq {

/// Lower-case hex of MD5: the filer's etag of an entry with this content.
std::string etag_of(std::string_view content);

/// As a broker writes a segment: mode 0644, file_size, mtime; crtime, which counts for a new entry only.
/// Its md5 is that of the content, so that etag_of() is its etag.
filer_pb::Entry encode_entry(const entry& e, std::chrono::system_clock::time_point now);

/// Takes content, attributes and chunks out of `stored`, a file.
entry decode_entry(std::string path, filer_pb::Entry& stored);

}  // namespace tidegate::smq::seaweedmq
