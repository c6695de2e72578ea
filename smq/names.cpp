#include "smq/names.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace tidegate::smq {

namespace {

// "kafka-cg-" + 180 + ".offset" stays below the 255 bytes that a filer takes for a name.
constexpr std::size_t longest_group_name = 180;
constexpr std::size_t kept_of_long_group = 100;
constexpr std::int32_t ring_unit = 4096;
constexpr std::string_view position_prefix = "kafka-cg-";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

void append_hex(std::string& out, unsigned char byte, const char* digits) {
  out.push_back(digits[byte >> 4]);
  out.push_back(digits[byte & 15]);
}

std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// nullopt: not what escape_name() makes of any name.
std::optional<std::string> unescape_name(std::string_view escaped) {
  if (escaped == "%") return "";
  std::string name;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%') {
      name.push_back(escaped[i]);
      continue;
    }
    const auto high = i + 2 < escaped.size() ? hex_value(escaped[i + 1]) : std::nullopt;
    const auto low = high ? hex_value(escaped[i + 2]) : std::nullopt;
    if (!low) return std::nullopt;
    name.push_back(static_cast<char>(*high << 4U | *low));
    i += 2;
  }
  if (name.empty() || escape_name(name) != escaped) return std::nullopt;
  return name;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  std::string out;
  for (unsigned int i = 0; i < size; ++i) append_hex(out, digest[i], "0123456789abcdef");
  return out;
}

std::string join(std::string_view directory, std::string_view name) {
  std::string path;
  path.reserve(directory.size() + 1 + name.size());
  path.append(directory).append("/").append(name);
  return path;
}

}  // namespace

std::string escape_name(std::string_view name) {
  if (name.empty()) return "%";
  std::string out;
  out.reserve(name.size() + 2);
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_plain(name[i]) && !(i == 0 && name[i] == '.')) {
      out.push_back(name[i]);
    } else {
      out.push_back('%');
      append_hex(out, static_cast<unsigned char>(name[i]), "0123456789ABCDEF");
    }
  }
  return out;
}

std::string escape_group(std::string_view group_id) {
  auto escaped = escape_name(group_id);
  if (escaped.size() <= longest_group_name) return escaped;
  escaped.resize(kept_of_long_group);
  return escaped + "~" + sha256_hex(group_id);  // a plain "~" is always percent-encoded, so no short id collides
}

bool is_legal_topic_name(std::string_view name) {
  if (name.empty() || name.size() > longest_topic_name || name == "." || name == "..") return false;
  for (char c : name) {
    if (!is_plain(c)) return false;
  }
  return true;
}

std::string names_directory() { return join(own_root, "names"); }

std::string name_entry_path(std::string_view topic) { return join(names_directory(), escape_name(topic)); }

std::string groups_directory() { return join(own_root, "groups"); }

std::string group_entry_path(std::string_view group_id) { return join(groups_directory(), escape_group(group_id)); }

std::string topic_directory(std::string_view topic, std::string_view smq_namespace) {
  return join(join("/topics", smq_namespace), escape_name(topic));
}

std::string topic_conf_path(std::string_view topic, std::string_view smq_namespace) {
  return join(topic_directory(topic, smq_namespace), topic_conf_name);
}

std::string topic_entry_path(std::string_view topic, std::string_view smq_namespace) {
  return join(topic_directory(topic, smq_namespace), topic_entry_name);
}

std::string version_name(std::int64_t creation_second) {
  const std::chrono::sys_seconds when{std::chrono::seconds{creation_second}};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{when - day};
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "v%04d-%02u-%02u-%02d-%02d-%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return out.data();
}

std::string version_directory(std::string_view topic, std::int64_t creation_second, std::string_view smq_namespace) {
  return join(topic_directory(topic, smq_namespace), version_name(creation_second));
}

std::string range_name(std::int32_t start, std::int32_t stop) {
  constexpr std::size_t width = 4;
  std::string out;
  for (const auto slot : {start, stop}) {
    const auto digits = std::to_string(slot);
    if (!out.empty()) out.push_back('-');
    out.append(width - std::min(width, digits.size()), '0').append(digits);
  }
  return out;
}

std::string partition_directory(std::string_view topic, std::int64_t creation_second, std::int32_t partition,
                                std::string_view smq_namespace) {
  const auto start = partition * slots_per_partition;
  return join(version_directory(topic, creation_second, smq_namespace),
              range_name(start, start + slots_per_partition - 1));
}

std::string partition_entry_path(std::string_view partition_dir) { return join(partition_dir, partition_entry_name); }

std::string checkpoint_path(std::string_view partition_dir) { return join(partition_dir, checkpoint_name); }

std::string positions_directory(std::string_view partition_dir) { return join(partition_dir, positions_name); }

bool never_names_chunks(std::string_view path) {
  static const std::string groups = groups_directory() + "/";  // for every mutation
  return path.ends_with(position_suffix) || path.starts_with(groups);
}

std::string position_path(std::string_view partition_dir, std::string_view group_id) {
  return std::string{partition_dir} + position_path_end(group_id);
}

std::string position_path_end(std::string_view group_id) {
  std::string end{"/"};
  end.append(positions_name).append("/").append(position_prefix);
  return end.append(escape_group(group_id)).append(position_suffix);
}

std::optional<std::string> group_of_position(std::string_view path) {
  auto name = path.substr(path.rfind('/') + 1);
  const auto around = position_prefix.size() + position_suffix.size();
  if (name.size() <= around || !name.starts_with(position_prefix) || !name.ends_with(position_suffix))
    return std::nullopt;
  return unescape_name(name.substr(position_prefix.size(), name.size() - around));
}

std::int32_t ring_size_for(std::int32_t partitions) {
  const auto slots = partitions * slots_per_partition;
  return slots <= ring_unit ? ring_unit : (slots + ring_unit - 1) / ring_unit * ring_unit;
}

}  // namespace tidegate::smq
