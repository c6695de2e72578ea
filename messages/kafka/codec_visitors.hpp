#pragma once

#include "messages/kafka/codec.hpp"
#include "messages/kafka/versions.hpp"
#include "messages/kafka/wire.hpp"

#include <algorithm>
#include <concepts>
#include <type_traits>
#include <utility>

// Definitions behind codec.hpp; only the instances_*.cpp and the codec's tests include this.
namespace tidegate::kafka {

template <class T>
concept wire_enum = std::is_enum_v<T>;

template <class T>
struct optional_traits {
  static constexpr bool is_optional = false;
  using value_type = T;
};

template <class T>
struct optional_traits<std::optional<T>> {
  static constexpr bool is_optional = true;
  using value_type = T;
};

/// The least number of bytes an element can take: an honest count never claims more elements than fit.
template <class T>
constexpr std::size_t min_wire_size() {
  if constexpr (std::integral<T> || wire_enum<T>) {
    return sizeof(T);
  } else {
    return std::same_as<T, uuid> ? 16 : 1;
  }
}

class field_reader;
class field_writer;

/// Reads the one tagged field with the given number, if the version knows it.
class tagged_field_reader {
 public:
  tagged_field_reader(field_reader& fields, std::uint32_t tag) : fields_(fields), tag_(tag) {}

  template <class T>
  void operator()(const char*, T&, versions = {}) {}
  template <class T>
  void tagged(const char* name, T& field, std::uint32_t tag, versions when, const T& if_absent = T{});

  [[nodiscard]] bool found() const { return found_; }

 private:
  field_reader& fields_;
  std::uint32_t tag_;
  bool found_ = false;
};

class field_reader {
 public:
  field_reader(wire_reader& in, std::int16_t version) : in_(in), version_(version) {}

  template <class T>
  void operator()(const char*, T& field, versions when = {}) {
    if (when.contain(version_)) read(field, when);
  }

  template <class T>
  void tagged(const char*, T& field, std::uint32_t, versions, const T& if_absent = T{}) {
    field = if_absent;
  }

  template <class Struct>
  void structure(Struct& value) {
    Struct::fields(value, *this);
    if (in_.is_flexible()) tagged_fields(value);
  }

  template <class T>
  void read(T& field, versions when) {
    if constexpr (optional_traits<T>::is_optional) {
      typename T::value_type value{};
      field.reset();
      if (read_value(value)) {
        field = std::move(value);
      } else if (!when.allow_null(version_)) {
        in_.fail();
      }
    } else if (!read_value(field)) {
      in_.fail();
    }
  }

  [[nodiscard]] std::int16_t version() const { return version_; }
  wire_reader& in() { return in_; }

 private:
  // All of these return false for null.
  bool read_value(bool& field) { return field = in_.boolean(), true; }
  template <std::integral T>
  bool read_value(T& field) {
    return field = in_.integer<T>(), true;
  }
  template <wire_enum T>
  bool read_value(T& field) {
    return field = static_cast<T>(in_.integer<std::underlying_type_t<T>>()), true;
  }
  bool read_value(uuid& field) { return field = in_.id(), true; }

  bool read_value(std::string& field) {
    const auto length = in_.string_length();
    if (length) field = in_.text(*length);
    return length.has_value();
  }

  bool read_value(byte_buffer& field) {
    const auto length = in_.bytes_length();
    if (!length) return false;
    const auto bytes = in_.slice(*length);
    field.assign(bytes.view().begin(), bytes.view().end());
    return true;
  }

  bool read_value(shared_bytes& field) {
    const auto length = in_.bytes_length();
    if (length) field = in_.slice(*length);
    return length.has_value();
  }

  bool read_value(std::vector<shared_bytes>& field) {
    field.clear();
    shared_bytes bytes;
    if (!read_value(bytes)) return false;
    if (!bytes.empty()) field.push_back(std::move(bytes));
    return true;
  }

  template <class T>
  bool read_value(std::vector<T>& field) {
    field.clear();
    const auto count = in_.array_length(min_wire_size<T>());
    if (!count) return false;
    field.reserve(std::min<std::size_t>(*count, 1024));  // the rest grows only as elements really arrive
    for (std::size_t i = 0; i < *count && in_.ok(); ++i) read(field.emplace_back(), {});
    return true;
  }

  template <class Struct>
  requires std::is_class_v<Struct>
  bool read_value(Struct& field) { return structure(field), true; }

  template <class Struct>
  void tagged_fields(Struct& value) {
    const auto count = in_.unsigned_varint();
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
      const auto tag = in_.unsigned_varint();
      const auto outer_end = in_.enter(in_.unsigned_varint());
      tagged_field_reader tagged(*this, tag);
      Struct::fields(value, tagged);
      if (!tagged.found()) in_.slice(in_.bytes_left());
      in_.leave(outer_end);
    }
  }

  wire_reader& in_;
  std::int16_t version_;
};

template <class T>
void tagged_field_reader::tagged(const char*, T& field, std::uint32_t tag, versions when, const T&) {
  if (tag != tag_ || !when.contain(fields_.version())) return;
  found_ = true;
  fields_.read(field, when);
}

/// Encodes the tagged fields that differ from their defaults. Reused for counting them first.
class tagged_field_writer {
 public:
  tagged_field_writer(field_writer* fields, std::int16_t version) : fields_(fields), version_(version) {}

  template <class T>
  void operator()(const char*, const T&, versions = {}) {}
  template <class T>
  void tagged(const char* name, const T& field, std::uint32_t tag, versions when, const T& if_absent = T{});

  [[nodiscard]] std::uint32_t count() const { return count_; }

 private:
  field_writer* fields_;  // nullptr: only count
  std::int16_t version_;
  std::uint32_t count_ = 0;
};

class field_writer {
 public:
  field_writer(wire_writer& out, std::int16_t version) : out_(out), version_(version) {}

  template <class T>
  void operator()(const char*, const T& field, versions when = {}) {
    if (when.contain(version_)) write(field, when);
  }

  template <class T>
  void tagged(const char*, const T&, std::uint32_t, versions, const T& = T{}) {}

  template <class Struct>
  void structure(const Struct& value) {
    Struct::fields(value, *this);
    if (!out_.is_flexible()) return;
    tagged_field_writer counter(nullptr, version_);
    Struct::fields(value, counter);
    out_.unsigned_varint(counter.count());
    tagged_field_writer writer(this, version_);
    Struct::fields(value, writer);
  }

  template <class T>
  void write(const T& field, versions when) {
    if constexpr (optional_traits<T>::is_optional) {
      if (field) {
        write_value(*field);
      } else if (when.allow_null(version_)) {
        write_null(static_cast<const typename T::value_type*>(nullptr));
      } else {
        write_value(typename T::value_type{});
      }
    } else {
      write_value(field);
    }
  }

  template <class T>
  void tagged_value(const T& field, std::uint32_t tag, versions when) {
    wire_writer inner(out_.is_flexible());
    field_writer(inner, version_).write(field, when);
    const auto bytes = join(inner.finish());
    out_.unsigned_varint(tag);
    out_.unsigned_varint(static_cast<std::uint32_t>(bytes.size()));
    out_.raw(bytes);
  }

 private:
  void write_null(const std::string*) { out_.string_length(std::nullopt); }
  void write_null(const void*) { out_.length(std::nullopt); }

  void write_value(bool field) { out_.boolean(field); }
  template <std::integral T>
  void write_value(T field) {
    out_.integer(field);
  }
  template <wire_enum T>
  void write_value(T field) {
    out_.integer(static_cast<std::underlying_type_t<T>>(field));
  }
  void write_value(const uuid& field) { out_.raw(field.bytes); }

  void write_value(const std::string& field) {
    out_.string_length(field.size());
    out_.raw(as_byte_view(field));
  }

  void write_value(const byte_buffer& field) {
    out_.length(field.size());
    out_.raw(field);
  }

  void write_value(const shared_bytes& field) {
    out_.length(field.size());
    out_.slice(field);
  }

  void write_value(const std::vector<shared_bytes>& field) {
    std::size_t size = 0;
    for (const auto& part : field) size += part.size();
    out_.length(size);
    for (const auto& part : field) out_.slice(part);
  }

  template <class T>
  void write_value(const std::vector<T>& field) {
    out_.length(field.size());
    for (const auto& element : field) write(element, {});
  }

  template <class Struct>
  requires std::is_class_v<Struct>
  void write_value(const Struct& field) { structure(field); }

  wire_writer& out_;
  std::int16_t version_;
};

template <class T>
void tagged_field_writer::tagged(const char*, const T& field, std::uint32_t tag, versions when, const T& if_absent) {
  if (!when.contain(version_) || field == if_absent) return;
  ++count_;
  if (fields_) fields_->tagged_value(field, tag, when);
}

template <class Message>
std::optional<Message> decode(shared_bytes body, std::int16_t version, std::uint64_t max_elements) {
  if (!is_supported(Message::api, version)) return std::nullopt;
  wire_reader in(std::move(body), is_flexible(Message::api, version), max_elements);
  std::optional<Message> result(std::in_place);
  field_reader(in, version).structure(*result);
  if (!in.ok()) return std::nullopt;
  return result;
}

template <class Message>
std::vector<shared_bytes> encode(const Message& message, std::int16_t version) {
  wire_writer out(is_flexible(Message::api, version));
  field_writer(out, version).structure(message);
  return out.finish();
}

template <class Message>
std::vector<shared_bytes> encode_response(api_key key, std::int16_t version, std::int32_t correlation_id,
                                          const Message& message) {
  wire_writer out(is_flexible(Message::api, version));
  out.integer(std::int32_t{0});  // the length, known at the end
  out.integer(correlation_id);
  if (out.is_flexible() && key != api_key::api_versions) out.unsigned_varint(0);
  field_writer(out, version).structure(message);
  auto parts = out.finish();
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  wire_writer length(false);
  length.integer(static_cast<std::int32_t>(size - sizeof(std::int32_t)));
  const auto prefix = join(length.finish());
  std::copy(prefix.begin(), prefix.end(), parts.front().writable().begin());
  return parts;
}

}  // namespace tidegate::kafka
