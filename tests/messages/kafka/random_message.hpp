#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/uuid.hpp"
#include "messages/kafka/versions.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace tidegate::kafka::test {

/// Fills the fields that a version has; the others keep their defaults, so that a round trip gives an equal message.
class random_fields {
 public:
  random_fields(std::uint64_t seed, std::int16_t version) : random_(seed), version_(version) {}

  template <class T>
  void operator()(const char*, T& field, versions when = {}) {
    if (when.contain(version_)) fill(field, when);
  }

  template <class T>
  void tagged(const char*, T& field, std::uint32_t, versions when, const T& if_absent = T{}) {
    field = if_absent;
    if (when.contain(version_) && below(2) == 0) fill(field, when);
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  void fill(bool& field, versions) { field = below(2) == 0; }
  template <std::integral T>
  void fill(T& field, versions) {
    field = static_cast<T>(random_());
  }
  template <class T>
  requires std::is_enum_v<T>
  void fill(T& field, versions) { field = static_cast<T>(random_()); }
  void fill(uuid& field, versions) {
    for (auto& byte : field.bytes) byte = static_cast<std::byte>(random_());
  }
  void fill(std::string& field, versions) {
    field.resize(below(20) == 0 ? below(300) : below(8));
    for (auto& character : field) character = static_cast<char>('a' + below(26));
  }
  void fill(byte_buffer& field, versions) {
    field.resize(below(20) == 0 ? below(300) : below(8));
    for (auto& byte : field) byte = static_cast<std::byte>(random_());
  }
  void fill(shared_bytes& field, versions when) {
    byte_buffer bytes;
    fill(bytes, when);
    field = shared_bytes(std::move(bytes));
  }
  void fill(std::vector<shared_bytes>& field, versions when) {
    shared_bytes slice;
    fill(slice, when);
    if (!slice.empty()) field = {slice};
  }
  template <class T>
  void fill(std::optional<T>& field, versions when) {
    field.reset();
    if (when.allow_null(version_) && below(4) == 0) return;
    fill(field.emplace(), {});
  }
  template <class T>
  void fill(std::vector<T>& field, versions) {
    field.resize(below(4));
    for (auto& element : field) fill(element, {});
  }
  template <class Struct>
  requires std::is_class_v<Struct>
  void fill(Struct& field, versions) { Struct::fields(field, *this); }

  std::mt19937_64 random_;
  std::int16_t version_;
};

template <class Message>
Message random_message(std::uint64_t seed, std::int16_t version) {
  Message message;
  random_fields fill(seed, version);
  Message::fields(message, fill);
  return message;
}

}  // namespace tidegate::kafka::test
