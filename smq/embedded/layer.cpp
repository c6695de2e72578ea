#include "smq/embedded/layer.hpp"

#include <cstring>
#include <new>

namespace tidegate::smq::embedded {

namespace {

constexpr std::size_t bytes_per_entry = 64;  // its place in a set, and of those that are empty
constexpr std::size_t bytes_per_directory = 128;
constexpr std::size_t bytes_per_chunk = 96;
constexpr std::size_t spare_part = 8;  // of a value, to grow

}  // namespace

std::unique_ptr<char[]> child_entry::make_block(std::string_view name, std::size_t capacity) {
  auto block = std::make_unique_for_overwrite<char[]>(sizeof(head) + name.size() + capacity);
  new (block.get()) head{static_cast<std::uint32_t>(name.size()), 0, static_cast<std::uint32_t>(capacity), true};
  std::memcpy(block.get() + sizeof(head), name.data(), name.size());
  return block;
}

child_entry::child_entry(std::string_view name) : block_(make_block(name, 0)) {}

std::optional<std::string_view> child_entry::value() const {
  const auto& at = of_block();
  if (at.is_erased) return std::nullopt;
  return std::string_view{block_.get() + sizeof(head) + at.name_bytes, at.value_bytes};
}

void child_entry::set(std::optional<std::string_view> newest) const {
  const auto wanted = newest ? newest->size() : 0;
  if (const auto has = of_block().capacity; has < wanted || has > 2 * wanted)
    block_ = make_block(name(), wanted + wanted / spare_part);
  auto& at = of_block();
  at.is_erased = !newest;
  at.value_bytes = static_cast<std::uint32_t>(wanted);
  if (newest) std::memcpy(block_.get() + sizeof(head) + at.name_bytes, newest->data(), wanted);
}

const layer::child_set* layer::children_of(std::string_view directory) const {
  const auto found = directories_.find(directory);
  return found == directories_.end() ? nullptr : &found->second;
}

const child_entry* layer::find(std::string_view path) const {
  const split_path at{path};
  const auto* children = children_of(at.directory);
  if (children == nullptr) return nullptr;
  const auto found = children->find(at.name);
  return found == children->end() ? nullptr : &*found;
}

const std::optional<chunk_place>* layer::find_chunk(const chunk_id& id) const {
  const auto found = chunks_.find(id);
  return found == chunks_.end() ? nullptr : &found->second.place;
}

void layer::set(std::string_view path, std::optional<std::string_view> newest) {
  const split_path at{path};
  auto directory = directories_.find(at.directory);
  if (directory == directories_.end()) {
    directory = directories_.emplace(at.directory, child_set{}).first;
    entry_bytes_ += bytes_per_directory + at.directory.size();
  }
  auto& children = directory->second;
  auto child = children.find(at.name);
  if (child == children.end()) {
    child = children.emplace(at.name).first;
    entry_bytes_ += bytes_per_entry + at.name.size();
  }
  entry_bytes_ -= child->value().value_or("").size();
  child->set(newest);
  entry_bytes_ += newest.value_or("").size();
}

void layer::release(const chunk_id& id) {
  const auto here = chunks_.find(id);
  if (here != chunks_.end() && here->second.place && !here->second.may_be_below) {
    chunks_.erase(here);
  } else {
    chunks_.insert_or_assign(id, chunk_state{std::nullopt, true});
  }
}

std::size_t layer::bytes() const { return entry_bytes_ + chunks_.size() * bytes_per_chunk; }

}  // namespace tidegate::smq::embedded
