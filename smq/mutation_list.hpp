#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace tidegate::smq {

struct mutation;

/// The mutations of one transaction in their order. Whoever asked for them holds them, too, because a transaction may
/// have to be sent again: they are shared, not copied. `begin` to `end` and `operator[]` are those of a vector.
class mutation_list {
 public:
  using unit = std::shared_ptr<const std::vector<mutation>>;

  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = mutation;
    using difference_type = std::ptrdiff_t;
    using pointer = const mutation*;
    using reference = const mutation&;

    iterator() = default;
    explicit iterator(const pointer* at) : at_(at) {}
    reference operator*() const { return **at_; }
    pointer operator->() const { return *at_; }
    iterator& operator++() { return ++at_, *this; }
    iterator operator++(int) { return iterator{at_++}; }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    const pointer* at_ = nullptr;
  };

  mutation_list() = default;
  mutation_list(std::vector<mutation> all);            // NOLINT(google-explicit-constructor)
  mutation_list(std::initializer_list<mutation> all);  // NOLINT(google-explicit-constructor)

  void add(unit more);

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] const mutation& operator[](std::size_t i) const { return *all_[i]; }
  [[nodiscard]] iterator begin() const { return iterator{all_.data()}; }
  [[nodiscard]] iterator end() const { return iterator{all_.data() + all_.size()}; }

 private:
  std::vector<unit> units_;
  std::vector<const mutation*> all_;  // in the units
};

}  // namespace tidegate::smq
