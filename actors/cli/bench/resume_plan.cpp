#include "actors/cli/bench/resume_plan.hpp"

#include <algorithm>

namespace tidegate::cli::bench {

namespace {

constexpr std::size_t longest_shown = 300;  // a topic's name has 249 bytes at most

/// FNV-1a.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char one : text) hash = (hash ^ static_cast<unsigned char>(one)) * 0x100000001b3U;
  return hash;
}

/// The last step of splitmix64: makes neighbours strangers.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

}  // namespace

std::int64_t position_of(const resume_plan& plan, std::string_view group, std::int32_t partition) {
  const auto random = mixed(hash_of(group) + 0x9e3779b97f4a7c15U * static_cast<std::uint64_t>(partition + 1));
  return static_cast<std::int64_t>(random % static_cast<std::uint64_t>(plan.records));
}

std::string value_of(const resume_plan& plan, std::int32_t partition, std::int64_t offset) {
  auto value = plan.topic + "-" + std::to_string(partition) + "@" + std::to_string(offset);
  value.resize(std::max(value.size(), plan.value_bytes), '.');
  return value;
}

std::string words_of_value(std::string_view value) {
  auto shown = std::string(value.substr(0, longest_shown));
  shown.resize(shown.find_last_not_of('.') + 1);
  std::ranges::replace_if(shown, [](char one) { return one < ' ' || one > '~'; }, '?');
  return "\"" + shown + "\" (" + std::to_string(value.size()) + " bytes)";
}

}  // namespace tidegate::cli::bench
