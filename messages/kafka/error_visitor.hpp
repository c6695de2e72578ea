#pragma once

#include "messages/common/error_code.hpp"
#include "messages/kafka/versions.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tidegate::kafka {

/// One more visitor of messages' `fields` (codec.hpp): finds the error codes that a version of an answer carries.
template <class F>
class error_visitor {
 public:
  error_visitor(std::int16_t version, F& found) : version_(version), found_(found) {}

  template <class T>
  void operator()(const char*, const T& field, versions when = {}) {
    if (when.contain(version_)) look_at(field);
  }

  template <class T>
  void tagged(const char*, const T& field, std::uint32_t, versions when, const T& = T{}) {
    if (when.contain(version_)) look_at(field);
  }

 private:
  void look_at(error_code error) {
    if (error != error_code::none) found_(error);
  }

  template <class T>
  void look_at(const std::optional<T>& field) {
    if (field) look_at(*field);
  }

  template <class T>
  void look_at(const std::vector<T>& field) {
    if constexpr (requires(const T& one, error_visitor& self) { T::fields(one, self); }) {
      for (const auto& one : field) look_at(one);
    }
  }

  template <class T>
  void look_at(const T& field) {
    if constexpr (requires(error_visitor& self) { T::fields(field, self); }) T::fields(field, *this);
  }

  std::int16_t version_;
  F& found_;
};

/// Calls `found` with every code of `answer` that is not none.
template <class Message, class F>
void for_each_error(const Message& answer, std::int16_t version, F found) {
  error_visitor<F> visitor{version, found};
  Message::fields(answer, visitor);
}

}  // namespace tidegate::kafka
