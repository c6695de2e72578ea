#include "actors/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>

namespace tidegate::actors {

namespace {

std::atomic<bool> writes_json{false};

spdlog::level::level_enum level_of(log_level level) {
  switch (level) {
    case log_level::trace:
      return spdlog::level::trace;
    case log_level::debug:
      return spdlog::level::debug;
    case log_level::info:
      return spdlog::level::info;
    case log_level::warn:
      return spdlog::level::warn;
    case log_level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// JSON's escapes; bytes that are not printable ASCII become \u00XX, so that no client's name can break a line.
std::string quoted(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      made += '\\';
      made += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(byte));
      made += escape;
    } else {
      made += c;
    }
  }
  return made + '"';
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') return false;
  }
  return true;
}

}  // namespace

std::string log_line(std::string_view event, std::initializer_list<log_field> fields, bool as_json) {
  std::string line =
      (as_json ? "\"event\":" : "event=") + (as_json || !is_plain(event) ? quoted(event) : std::string(event));
  for (const auto& field : fields) {
    if (as_json) {
      line += "," + quoted(field.key) + ":" + (field.is_number ? field.value : quoted(field.value));
    } else {
      line += " " + std::string(field.key) + "=" + (is_plain(field.value) ? field.value : quoted(field.value));
    }
  }
  return line;
}

void start_log(std::string_view level, std::string_view format) {
  writes_json = format == "json";
  auto logger = std::make_shared<spdlog::logger>("tidegate", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::info);
  logger->set_pattern(
      writes_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
      spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
}

void set_log_level(std::string_view level) {
  spdlog::default_logger_raw()->set_level(spdlog::level::from_str(std::string(level)));
}

void log_event(log_level level, std::string_view event, std::initializer_list<log_field> fields) {
  auto* logger = spdlog::default_logger_raw();
  if (!logger->should_log(level_of(level))) return;
  logger->log(level_of(level), spdlog::string_view_t(log_line(event, fields, writes_json)));
}

}  // namespace tidegate::actors
