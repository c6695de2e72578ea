#include "smq/embedded/entry_codec.hpp"

#include "smq/embedded/binary.hpp"

namespace tidegate::smq::embedded {

namespace {

bool read_start(binary_reader& in) { return in.number<std::uint8_t>() == entry_version && in.ok(); }

}  // namespace

std::size_t encoded_bytes(const entry& e) {
  constexpr std::size_t count = sizeof(std::uint32_t);
  auto bytes = sizeof(entry_version) + count + e.content.size() + count + count;
  for (const auto& c : e.chunks) bytes += count + c.id.size() + 3 * sizeof(std::uint64_t);
  for (const auto& [name, value] : e.attributes) bytes += count + name.size() + count + value.size();
  return bytes;
}

std::string encode_entry(const entry& e) {
  std::string out;
  out.reserve(encoded_bytes(e));
  append_entry(out, e);
  return out;
}

void append_entry(std::string& out, const entry& e) {
  put_number(out, entry_version);
  put_text(out, e.content);
  put_number(out, static_cast<std::uint32_t>(e.chunks.size()));
  for (const auto& c : e.chunks) {
    put_text(out, c.id);
    put_number(out, c.offset);
    put_number(out, c.size);
    put_number(out, static_cast<std::uint64_t>(c.modified_ns));
  }
  put_number(out, static_cast<std::uint32_t>(e.attributes.size()));
  for (const auto& [name, value] : e.attributes) {
    put_text(out, name);
    put_text(out, value);
  }
}

std::optional<entry> decode_entry(std::string_view path, std::string_view value, bool with_chunks) {
  binary_reader in{value};
  if (!read_start(in)) return std::nullopt;
  entry e;
  e.path = path;
  e.content = in.text();
  for (auto left = in.number<std::uint32_t>(); left > 0 && in.ok(); --left) {
    chunk_ref c;
    c.id = in.text();
    c.offset = in.number<std::uint64_t>();
    c.size = in.number<std::uint64_t>();
    c.modified_ns = static_cast<std::int64_t>(in.number<std::uint64_t>());
    if (with_chunks) e.chunks.push_back(std::move(c));
  }
  for (auto left = in.number<std::uint32_t>(); left > 0 && in.ok(); --left) {
    std::string name{in.text()};
    e.attributes.insert_or_assign(std::move(name), std::string{in.text()});
  }
  if (!in.ok()) return std::nullopt;
  return e;
}

std::optional<std::string_view> content_of(std::string_view value) {
  binary_reader in{value};
  if (!read_start(in)) return std::nullopt;
  const auto content = in.text();
  if (!in.ok()) return std::nullopt;
  return content;
}

std::optional<std::vector<chunk_id>> chunks_of(std::string_view value) {
  binary_reader in{value};
  if (!read_start(in)) return std::nullopt;
  in.text();
  std::vector<chunk_id> ids;
  for (auto left = in.number<std::uint32_t>(); left > 0 && in.ok(); --left) {
    ids.emplace_back(in.text());
    in.take(24);
  }
  if (!in.ok()) return std::nullopt;
  return ids;
}

std::string entry_key(std::string_view path) {
  const auto slash = path.rfind('/');
  std::string key;
  key.reserve(path.size() + 1);
  key.push_back('e');
  key.append(path.substr(0, slash));
  key.push_back('\0');
  key.append(path.substr(slash + 1));
  return key;
}

std::string children_prefix(std::string_view directory) {
  std::string key{"e"};
  if (directory != "/") key.append(directory);
  key.push_back('\0');
  return key;
}

}  // namespace tidegate::smq::embedded
