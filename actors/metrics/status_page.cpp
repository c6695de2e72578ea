#include "actors/metrics/status_page.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <optional>

namespace tidegate::actors {

namespace {

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="10">
<title>tidegate</title>
<style>
:root { color-scheme: light dark; --text: #1c2024; --back: #fff; --line: #d8dde3; --soft: #5b6670; --bad: #b3261e;
  --good: #1b6e3c; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e3e6e9; --back: #14171a; --line: #333a41; --soft: #9aa5af; --bad: #ff8a80; --good: #7bd6a0; }
}
body { margin: 2rem auto; padding: 0 1rem; max-width: 70rem; font: 15px/1.5 system-ui, sans-serif; color: var(--text);
  background: var(--back); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
p.none, footer { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
</style></head><body>
)";

std::string number(double value) {
  char text[64];
  const bool is_whole = std::floor(value) == value && std::abs(value) < 1e15;
  std::snprintf(text, sizeof text, is_whole ? "%.0f" : "%.3g", value);
  return text;
}

std::string bytes(double value) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
  char text[64];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

/// The sample with this label.
std::optional<double> find_value(const metric_page& numbers, metric_id metric, std::string_view first) {
  for (const auto& one : numbers.samples(metric))
    if (one.labels[0] == first) return one.value;
  return std::nullopt;
}

/// 0: there is none.
double value_of(const metric_page& numbers, metric_id metric, std::string_view first = "") {
  return find_value(numbers, metric, first).value_or(0);
}

double sum_of(const metric_page& numbers, metric_id metric) {
  double all = 0;
  for (const auto& one : numbers.samples(metric)) all += one.value;
  return all;
}

/// A table, row by row.
class html_table {
 public:
  struct column {
    std::string_view title;
    bool is_number = true;
  };

  html_table(std::string& out, std::string_view title, std::vector<column> columns)
    : out_(out), columns_(std::move(columns)) {
    out_ += "<h2>" + html_escape(title) + "</h2>\n";
  }

  void row(std::initializer_list<std::string_view> cells) {
    if (++rows_ == 1) {
      out_ += "<table><thead>";
      cells_of("th", [this](std::size_t i) { return columns_[i].title; });
      out_ += "</thead><tbody>\n";
    }
    cells_of("td", [&](std::size_t i) { return *(cells.begin() + i); });
  }

  void left_out(std::size_t rows) { left_out_ = rows; }

  void end(std::string_view if_empty) {
    if (rows_ == 0) {
      out_ += "<p class=\"none\">" + html_escape(if_empty) + "</p>\n";
      return;
    }
    out_ += "</tbody></table>\n";
    if (left_out_ > 0) out_ += "<p class=\"none\">" + std::to_string(left_out_) + " more are not shown.</p>\n";
  }

 private:
  template <class F>
  void cells_of(const char* tag, F text) {
    out_ += "<tr>";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      out_ += std::string("<") + tag + (columns_[i].is_number ? " class=\"n\">" : ">");
      out_ += html_escape(text(i)) + "</" + tag + ">";
    }
    out_ += "</tr>\n";
  }

  std::string& out_;
  std::vector<column> columns_;
  std::size_t rows_ = 0;
  std::size_t left_out_ = 0;
};

void add_topics_table(std::string& out, const status_facts& facts, const metric_page& n) {
  html_table table(out, "Topics", {{"topic", false}, {"partitions"}, {"records in"}, {"bytes in"}, {"records out"},
                                   {"bytes out"}});
  const auto shown = std::min(facts.topics.size(), status_rows);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& topic = facts.topics[i];
    const auto label = label_text(topic.name);
    const auto shown_as = [&](metric_id metric, auto text) {
      const auto found = find_value(n, metric, label);
      return found ? text(*found) : std::string{"-"};  // not used yet, or counted in _other
    };
    table.row({label, std::to_string(topic.partitions), shown_as("tidegate_topic_records_in_total", number),
               shown_as("tidegate_topic_bytes_in_total", bytes), shown_as("tidegate_topic_records_out_total", number),
               shown_as("tidegate_topic_bytes_out_total", bytes)});
  }
  table.left_out(facts.topics.size() - shown);
  table.end("No topic was used yet.");
}

void add_groups_table(std::string& out, const status_facts& facts) {
  html_table table(out, "Groups in use", {{"group", false}, {"state", false}, {"members"}, {"generation"}, {"lag"}});
  for (const auto& [name, group] : facts.groups.rows)
    table.row({label_text(group.group), group.state, std::to_string(group.members), std::to_string(group.generation),
               group.lag ? std::to_string(*group.lag) : "?"});
  table.left_out(facts.groups.left_out);
  table.end("No group is in use.");
}

void add_actors_table(std::string& out, const metric_page& n) {
  html_table table(out, "Actors", {{"kind", false}, {"alive"}, {"started"}, {"crashed"}, {"quarantined"}});
  for (const auto& one : n.samples("tidegate_actors")) {
    const auto& kind = one.labels[0];
    table.row({kind, number(one.value), number(value_of(n, "tidegate_actor_starts_total", kind)),
               number(value_of(n, "tidegate_actor_crashes_total", kind)),
               number(value_of(n, "tidegate_actor_quarantines_total", kind))});
  }
  table.end("");
}

void add_store_table(std::string& out, const metric_page& n) {
  html_table table(out, "Store", {{"what", false}, {"now"}});
  table.row({"fence", value_of(n, "tidegate_fence_held") > 0 ? "held" : "lost"});
  table.row({"oldest undecided write", number(value_of(n, "tidegate_store_undecided_seconds")) + " s"});
  for (const auto& one : n.samples("tidegate_store_windows_total"))
    table.row({"windows " + one.labels[0], number(one.value)});
  table.row({"volumes", number(value_of(n, "tidegate_volumes"))});
  table.row({"bytes in volumes", bytes(value_of(n, "tidegate_volume_bytes"))});
  table.row({"found damaged", number(sum_of(n, "tidegate_damaged_total"))});
  table.row({"gaps declared", number(sum_of(n, "tidegate_gaps_declared_total"))});
  table.row({"broken rules", number(sum_of(n, "tidegate_invariant_violations_total"))});
  table.end("");
}

void add_limits_table(std::string& out, const metric_page& n) {
  html_table table(out, "Limits in use", {{"limit", false}, {"in use"}, {"configured"}});
  for (const auto& one : n.samples("tidegate_limit_used"))
    table.row({one.labels[0], number(one.value), number(value_of(n, "tidegate_limit", one.labels[0]))});
  table.end("");
}

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string status_page(const status_facts& facts, const metric_page& numbers) {
  std::string out{head};
  out += "<h1>tidegate on " + html_escape(facts.listen) + "</h1>\n";
  const auto& trouble = facts.trouble;
  out += trouble.empty() ? "<p class=\"good\">ok</p>\n" : "<p class=\"bad\">" + html_escape(trouble) + "</p>\n";
  out += "<p>" + number(value_of(numbers, "tidegate_connections")) + " connections, " +
         number(value_of(numbers, "tidegate_requests_in_flight")) + " requests in flight, " +
         number(sum_of(numbers, "tidegate_requests_total")) + " requests so far, " +
         bytes(value_of(numbers, "process_resident_memory_bytes")) + " resident.</p>\n";
  add_topics_table(out, facts, numbers);
  add_groups_table(out, facts);
  add_store_table(out, numbers);
  add_actors_table(out, numbers);
  add_limits_table(out, numbers);
  const auto& version = numbers.samples("tidegate_build_info");
  out += "<footer><p>tidegate " + html_escape(version.empty() ? "" : version.front().labels[0]) +
         " · <a href=\"/metrics\">metrics</a> · <a href=\"/health\">health</a></p></footer>\n</body></html>\n";
  return out;
}

}  // namespace tidegate::actors
