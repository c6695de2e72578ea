#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/filer.hpp"
#include "smq/seaweedmq/orphans/needle_set.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace tidegate::smq::seaweedmq {

/// A chunk that an entry names.
struct named_chunk {
  needle at;
  std::string file_id;          // "volume,key and cookie in hex"
  bool is_manifest = false;     // its bytes name more chunks
  bool is_encrypted = false;    // with a key that the entry has
};

/// Gets each one. An outcome that is not ok ends the walk with it.
using on_named_chunk = std::function<outcome(const named_chunk&)>;

/// Walks over every entry of a filer, in pages; remembers the way down and one page of directories for each step of it.
/// A directory that goes meanwhile is none. Answers how many entries there were. Blocks.
/// `page_patience`: for the list of one page. Errors: what `on_chunk` says; unknown (a list that failed, a chunk without
/// a file id).
result<std::size_t> walk_named_chunks(filer& of, std::chrono::milliseconds page_patience, const on_named_chunk& on_chunk);

/// The chunks that the bytes of a manifest name. Errors: refused (no manifest), what `on_chunk` says.
/// Source: SeaweedFS 4.48, FileChunkManifest.
outcome read_manifest(std::string_view bytes, const on_named_chunk& on_chunk);

}  // namespace tidegate::smq::seaweedmq
