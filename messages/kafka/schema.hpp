#pragma once

#include "messages/common/bytes.hpp"
#include "messages/common/uuid.hpp"
#include "messages/kafka/versions.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tidegate::kafka {

/// Lists the fields of one version of a message, to be compared with the definitions that Kafka publishes.
class schema_fields {
 public:
  explicit schema_fields(std::int16_t version) : version_(version) {}

  template <class T>
  void operator()(const char* name, T& field, versions when = {}) {
    if (when.contain(version_)) add(name, field, when, "");
  }

  template <class T>
  void tagged(const char* name, T& field, std::uint32_t tag, versions when, const T& = T{}) {
    if (when.contain(version_)) add(name, field, when, " #" + std::to_string(tag));
  }

  std::vector<std::string> take_lines() { return std::exchange(lines_, {}); }

 private:
  template <class T>
  void add(const char* name, T& field, versions when, const std::string& tag) {
    if constexpr (requires { field.has_value(); }) {
      typename T::value_type value{};
      add_line(name, value, (when.allow_null(version_) ? "?" : "") + tag);
    } else {
      add_line(name, field, tag);
    }
  }

  template <class T>
  void add_line(const char* name, T& field, const std::string& suffix) {
    const auto outer = std::exchange(path_, path_ + (path_.empty() ? "" : ".") + name);
    const auto index = lines_.size();
    lines_.emplace_back();
    const auto type = type_of(field);
    lines_[index] = path_ + " " + type + suffix;
    path_ = outer;
  }

  std::string type_of(bool&) { return "bool"; }
  template <std::integral T>
  std::string type_of(T&) {
    return (std::is_signed_v<T> ? "int" : "uint") + std::to_string(sizeof(T) * 8);
  }
  template <class T>
  requires std::is_enum_v<T> std::string type_of(T&) {
    std::underlying_type_t<T> number{};
    return type_of(number);
  }
  std::string type_of(uuid&) { return "uuid"; }
  std::string type_of(std::string&) { return "string"; }
  std::string type_of(byte_buffer&) { return "bytes"; }
  std::string type_of(shared_bytes&) { return "records"; }
  std::string type_of(std::vector<shared_bytes>&) { return "records"; }
  template <class T>
  std::string type_of(std::vector<T>&) {
    T element{};
    return "[]" + type_of(element);
  }
  template <class Struct>
  requires std::is_class_v<Struct> std::string type_of(Struct& field) {
    Struct::fields(field, *this);
    return "struct";
  }

  std::int16_t version_;
  std::string path_;
  std::vector<std::string> lines_;
};

/// One line for each field that the version has, outer before inner: path, type, "?" if it may be null, "#" and tag.
template <class Message>
std::vector<std::string> schema_of(std::int16_t version) {
  Message message;
  schema_fields fields(version);
  Message::fields(message, fields);
  return fields.take_lines();
}

}  // namespace tidegate::kafka
