#include "smq/seaweedmq/entry_codec.hpp"

#include "smq/entry_path.hpp"
#include "smq/md5.hpp"

#include <algorithm>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::uint32_t file_mode = 0644;

std::string md5_text_of(std::string_view content) {
  const auto digest = md5_of(as_byte_view(content));
  return std::string(as_text(digest));
}

}  // namespace

std::string etag_of(std::string_view content) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (std::byte b : md5_of(as_byte_view(content))) {
    const auto byte = std::to_integer<unsigned>(b);
    hex.push_back(digits[byte >> 4U]);
    hex.push_back(digits[byte & 15U]);
  }
  return hex;
}

filer_pb::Entry encode_entry(const entry& e, std::chrono::system_clock::time_point now) {
  filer_pb::Entry stored;
  stored.set_name(std::string{name_of(e.path)});
  stored.set_content(e.content);
  for (const auto& [name, value] : e.attributes) (*stored.mutable_extended())[name] = value;
  std::uint64_t size = e.content.size();
  for (const auto& c : e.chunks) {
    auto& chunk = *stored.add_chunks();
    chunk.set_file_id(c.id);
    chunk.set_offset(static_cast<std::int64_t>(c.offset));
    chunk.set_size(c.size);
    chunk.set_modified_ts_ns(c.modified_ns);
    size = std::max(size, c.offset + c.size);
  }
  auto& attributes = *stored.mutable_attributes();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  attributes.set_file_size(size);
  attributes.set_mtime(seconds);
  attributes.set_crtime(seconds);
  attributes.set_file_mode(file_mode);
  attributes.set_md5(md5_text_of(e.content));
  return stored;
}

entry decode_entry(std::string path, filer_pb::Entry& stored) {
  entry e;
  e.path = std::move(path);
  e.content = std::move(*stored.mutable_content());
  for (auto& [name, value] : *stored.mutable_extended()) e.attributes.emplace(name, std::move(value));
  e.chunks.reserve(static_cast<std::size_t>(stored.chunks_size()));
  for (auto& c : *stored.mutable_chunks()) {
    e.chunks.push_back({std::move(*c.mutable_file_id()), static_cast<std::uint64_t>(c.offset()), c.size(),
                        c.modified_ts_ns()});
  }
  return e;
}

}  // namespace tidegate::smq::seaweedmq
