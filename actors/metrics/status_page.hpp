#pragma once

#include "actors/metrics/lag.hpp"
#include "actors/metrics/metric_page.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::actors {

struct known_topic {
  std::string name;
  std::int32_t partitions = 0;
};

/// What GET / shows besides the numbers of /metrics.
struct status_facts {
  std::string listen;
  std::string trouble;  // as /health says it; "": none
  std::vector<known_topic> topics;
  group_list groups;
};

/// Rows of one table of the page; what is left out is said.
inline constexpr std::size_t status_rows = group_list::most;

/// One HTML page for people: no script, nothing from elsewhere, all names escaped. Light and dark as the browser wants.
std::string status_page(const status_facts& facts, const metric_page& numbers);

/// `text` as the content of an element or of a quoted attribute.
std::string html_escape(std::string_view text);

}  // namespace tidegate::actors
