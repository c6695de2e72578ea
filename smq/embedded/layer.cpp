#include "smq/embedded/layer.hpp"

namespace tidegate::smq::embedded {

namespace {

constexpr std::size_t bytes_per_entry = 128;  // its place in a map, and of those that are empty
constexpr std::size_t bytes_per_chunk = 96;

std::size_t size_of(const layer::value& value) { return value ? value->size() : 0; }

/// Into the memory that is there, if it does not keep much more than it needs.
void assign(layer::value& to, std::optional<std::string_view> newest) {
  if (!newest) {
    to.reset();
  } else if (to && to->capacity() <= 2 * newest->size()) {
    to->assign(*newest);
  } else {
    to.emplace(*newest);
  }
}

}  // namespace

const layer::child_map* layer::children_of(std::string_view directory) const {
  const auto found = directories_.find(directory);
  return found == directories_.end() ? nullptr : &found->second;
}

const layer::value* layer::find(std::string_view path) const {
  const split_path at{path};
  const auto* children = children_of(at.directory);
  if (children == nullptr) return nullptr;
  const auto found = children->find(at.name);
  return found == children->end() ? nullptr : &found->second;
}

const std::optional<chunk_place>* layer::find_chunk(const chunk_id& id) const {
  const auto found = chunks_.find(id);
  return found == chunks_.end() ? nullptr : &found->second.place;
}

void layer::set(std::string_view path, std::optional<std::string_view> newest) {
  const split_path at{path};
  auto directory = directories_.find(at.directory);
  if (directory == directories_.end()) {
    directory = directories_.emplace(at.directory, child_map{}).first;
    entry_bytes_ += bytes_per_entry + at.directory.size();
  }
  auto& children = directory->second;
  auto child = children.find(at.name);
  if (child == children.end()) {
    child = children.emplace(at.name, std::nullopt).first;
    entry_bytes_ += bytes_per_entry + at.name.size();
  }
  entry_bytes_ -= size_of(child->second);
  assign(child->second, newest);
  entry_bytes_ += size_of(child->second);
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
