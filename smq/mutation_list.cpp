#include "smq/ports.hpp"

namespace tidegate::smq {

mutation_list::mutation_list(std::vector<mutation> all) {
  add(std::make_shared<const std::vector<mutation>>(std::move(all)));
}

mutation_list::mutation_list(std::initializer_list<mutation> all) : mutation_list(std::vector<mutation>{all}) {}

void mutation_list::add(unit more) {
  all_.reserve(all_.size() + more->size());
  for (const auto& m : *more) all_.push_back(&m);
  units_.push_back(std::move(more));
}

}  // namespace tidegate::smq
