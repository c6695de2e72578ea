#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

/// One line per event: `2026-11-24T06:00:00.000Z info event="group loaded" group=g1 took_ms=3`, or one JSON object.
/// The header is free of spdlog so that including it is cheap. Thread: any.
namespace tidegate::actors {

enum class log_level : std::uint8_t { trace, debug, info, warn, error };

struct log_field {
  log_field(std::string_view name, std::string_view text) : key(name), value(text) {}
  log_field(std::string_view name, const char* text) : key(name), value(text) {}
  log_field(std::string_view name, const std::string& text) : key(name), value(text) {}
  template <std::integral T>
  log_field(std::string_view name, T number) : key(name), value(std::to_string(number)), is_number(true) {}

  std::string_view key;
  std::string value;
  bool is_number = false;
};

/// Writes to stderr from now on; `level` and `format` as in log.level and log.format. Call it before other threads log.
void start_log(std::string_view level, std::string_view format);

/// From now on, another `log.level`.
void set_log_level(std::string_view level);

void log_event(log_level level, std::string_view event, std::initializer_list<log_field> fields = {});

/// The line without time and level, as `log_event` writes it (for tests and other sinks).
std::string log_line(std::string_view event, std::initializer_list<log_field> fields, bool as_json);

}  // namespace tidegate::actors
