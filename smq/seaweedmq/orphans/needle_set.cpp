#include "smq/seaweedmq/orphans/needle_set.hpp"

#include <algorithm>
#include <utility>

namespace tidegate::smq::seaweedmq {

namespace {

std::uint64_t big_endian(const std::byte* from, unsigned bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value = value << 8U | std::to_integer<std::uint64_t>(from[i]);
  return value;
}

}  // namespace

void needle_set::add(std::uint32_t volume, const std::vector<std::uint64_t>& keys) {
  auto& at = volumes_[volume];
  std::vector<std::uint64_t> named;
  for (std::size_t i = 0; i < at.keys.size(); ++i)
    if (at.is_named[i]) named.push_back(at.keys[i]);
  const auto before = at.keys.size();
  at.keys.insert(at.keys.end(), keys.begin(), keys.end());
  std::sort(at.keys.begin(), at.keys.end());
  at.keys.erase(std::unique(at.keys.begin(), at.keys.end()), at.keys.end());
  at.is_named.assign(at.keys.size(), false);
  size_ += at.keys.size() - before + named.size();
  for (const auto key : named) erase({volume, key});
}

void needle_set::erase(const needle& named) {
  const auto found = volumes_.find(named.volume);
  if (found == volumes_.end()) return;
  auto& [keys, is_named] = found->second;
  const auto at = std::lower_bound(keys.begin(), keys.end(), named.key);
  if (at == keys.end() || *at != named.key) return;
  const auto index = static_cast<std::size_t>(at - keys.begin());
  if (is_named[index]) return;
  is_named[index] = true;
  --size_;
}

std::vector<needle> needle_set::take_volume() {
  std::vector<needle> left;
  while (left.empty() && !volumes_.empty()) {
    const auto first = volumes_.extract(volumes_.begin());
    const auto& [keys, is_named] = first.mapped();
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (!is_named[i]) left.push_back({first.key(), keys[i]});
  }
  size_ -= left.size();
  return left;
}

std::vector<std::uint64_t> live_keys(const std::vector<std::byte>& index, unsigned offset_bytes) {
  constexpr unsigned key_bytes = 8;
  constexpr unsigned size_bytes = 4;
  const auto entry_bytes = key_bytes + offset_bytes + size_bytes;
  std::vector<std::pair<std::uint64_t, bool>> entries;  // key, is there
  entries.reserve(index.size() / entry_bytes);
  for (std::size_t at = 0; index.size() - at >= entry_bytes; at += entry_bytes) {
    const auto* entry = index.data() + at;
    const bool has_place = big_endian(entry + key_bytes, offset_bytes) != 0;
    const auto size = static_cast<std::int32_t>(big_endian(entry + key_bytes + offset_bytes, size_bytes));
    entries.emplace_back(big_endian(entry, key_bytes), has_place && size >= 0);
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::uint64_t> live;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool is_last = i + 1 == entries.size() || entries[i + 1].first != entries[i].first;
    if (is_last && entries[i].second) live.push_back(entries[i].first);
  }
  return live;
}

}  // namespace tidegate::smq::seaweedmq
