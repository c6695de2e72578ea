#include "smq/seaweedmq/orphans/named_chunks.hpp"

#include "smq/seaweedmq/filer_rpc.hpp"
#include "smq/seaweedmq/http/file_id.hpp"

#include <vector>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::uint32_t page_entries = 1024;

/// A directory that the walk is in.
struct level {
  std::string path;
  std::string last;                  // name to go on behind
  bool more = true;                  // there may be entries behind it
  std::vector<std::string> below{};  // directories of the last page that are still to be walked
};

/// 4.48 fills in both forms; either would do.
result<named_chunk> chunk_of(const filer_pb::FileChunk& stored) {
  named_chunk chunk;
  chunk.is_manifest = stored.is_chunk_manifest();
  chunk.is_encrypted = !stored.cipher_key().empty();
  auto id = parse_file_id(stored.file_id());
  if (!id && stored.has_fid()) id = file_id{stored.fid().volume_id(), stored.fid().file_key(), stored.fid().cookie()};
  if (!id) return {{status::unknown, "not a file id: " + stored.file_id(), 0}, {}};
  chunk.at = {id->volume, id->key};
  chunk.file_id = to_string(*id);
  return {{}, std::move(chunk)};
}

template <class Chunks>
outcome each(const Chunks& chunks, const on_named_chunk& on_chunk) {
  for (const auto& stored : chunks) {
    auto chunk = chunk_of(stored);
    if (!chunk.is_ok()) return chunk.what;
    if (auto what = on_chunk(chunk.value); !what.is_ok()) return what;
  }
  return {};
}

std::string join(const std::string& directory, const std::string& name) {
  return directory == "/" ? directory + name : directory + '/' + name;
}

/// One page of `at`.
outcome list_page_of(filer& of, level& at, std::chrono::milliseconds patience, const on_named_chunk& on_chunk,
                     std::size_t& entries) {
  grpc::ClientContext context;
  context.set_deadline(to_grpc(std::chrono::steady_clock::now() + patience));
  filer_pb::ListEntriesRequest request;
  request.set_directory(at.path);
  request.set_startfromfilename(at.last);
  request.set_limit(page_entries);
  const auto stream = of.rpc()->stub->ListEntries(&context, request);
  filer_pb::ListEntriesResponse response;
  std::uint32_t received = 0;
  outcome trouble;
  while (trouble.is_ok() && stream->Read(&response)) {
    const auto& entry = response.entry();
    ++received;
    ++entries;
    at.last = entry.name();
    if (entry.is_directory()) at.below.push_back(entry.name());
    trouble = each(entry.chunks(), on_chunk);
    if (!trouble.is_ok()) trouble.reason = join(at.path, entry.name()) + ": " + trouble.reason;
  }
  if (!trouble.is_ok()) context.TryCancel();
  const auto answer = stream->Finish();
  if (!trouble.is_ok()) return trouble;
  if (!answer.ok()) return {status::unknown, "the list of " + at.path + ": " + answer.error_message(), 0};
  at.more = received == page_entries;
  return {};
}

}  // namespace

result<std::size_t> walk_named_chunks(filer& of, std::chrono::milliseconds page_patience,
                                      const on_named_chunk& on_chunk) {
  std::size_t entries = 0;
  std::vector<level> way{{"/", ""}};
  while (!way.empty()) {
    auto& here = way.back();
    if (!here.below.empty()) {
      auto next = join(here.path, here.below.back());
      here.below.pop_back();
      way.push_back({std::move(next), ""});
    } else if (here.more) {
      if (auto what = list_page_of(of, here, page_patience, on_chunk, entries); !what.is_ok())
        return {std::move(what), {}};
    } else {
      way.pop_back();
    }
  }
  return {{}, entries};
}

outcome read_manifest(std::string_view bytes, const on_named_chunk& on_chunk) {
  filer_pb::FileChunkManifest manifest;
  if (bytes.size() > std::size_t{1} << 30U || !manifest.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      manifest.chunks().empty())
    return {status::refused, "no manifest of chunks", 0};
  return each(manifest.chunks(), on_chunk);
}

}  // namespace tidegate::smq::seaweedmq
