#define CAF_SUITE metric_page
#include "actors/metrics/collect.hpp"
#include "actors/metrics/counters.hpp"

#include "caf/test/unit_test.hpp"

#include <set>
#include <sstream>

using namespace tidegate;
using namespace tidegate::actors;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return text.starts_with(line + "\n") || text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

CAF_TEST(a sample has its labels and its family has help and type) {
  metric_page page;
  page.add("tidegate_group_lag", 7, {"billing", "orders"});
  const auto text = page.text();
  CAF_CHECK(has_line(text, "tidegate_group_lag{group=\"billing\",topic=\"orders\"} 7"));
  CAF_CHECK(has_line(text, "# TYPE tidegate_group_lag gauge"));
  CAF_CHECK(text.find("\n# HELP tidegate_group_lag ") != std::string::npos);
}

CAF_TEST(hostile names stay inside their label) {
  metric_page page;
  const std::string name = "a\"} 1\ntidegate_healthy 9\\";
  page.add("tidegate_group_lag", 1, {name, "t"});
  const auto text = page.text();
  CAF_CHECK(has_line(text, "tidegate_group_lag{group=\"a\\\"} 1%0Atidegate_healthy 9\\\\\",topic=\"t\"} 1"));
  CAF_CHECK(!has_line(text, "tidegate_healthy 9\\"));
}

CAF_TEST(label texts are UTF8 without control characters and differ when their bytes do) {
  const std::vector<std::pair<std::string, std::string>> examples = {
    {"orders", "orders"},
    {"Aufträge €", "Aufträge €"},
    {"100%", "100%25"},
    {"%FF", "%25FF"},
    {"\xFF", "%FF"},
    {"\xC0\xAF", "%C0%AF"},              // overlong "/"
    {"\xED\xA0\x80", "%ED%A0%80"},       // a surrogate
    {"\xF4\x90\x80\x80", "%F4%90%80%80"},  // above U+10FFFF
    {"\xE2\x82", "%E2%82"},              // cut short
    {"\xC2\x85", "%C2%85"},              // a control character of its own
    {std::string("\0\n\x7F", 3), "%00%0A%7F"},
  };
  std::set<std::string> seen;
  for (const auto& [bytes, text] : examples) {
    CAF_CHECK_EQUAL(label_text(bytes), text);
    CAF_CHECK(seen.insert(label_text(bytes)).second);
  }
  CAF_CHECK_EQUAL(label_text(std::string(249, 't')), std::string(249, 't'));
  const auto a = label_text(std::string(30000, 'x'));
  const auto b = label_text(std::string(30000, 'x') + "y");
  CAF_CHECK(a.size() < 250 && a != b);
}

CAF_TEST(a histogram is cumulative and in base units) {
  histogram<request_bounds> h;
  h.observe(400'000);
  h.observe(2'000'000'000);
  h.observe(40'000'000'000);
  metric_page page;
  page.add("tidegate_request_seconds", h, 1e-9, {"Fetch"});
  const auto text = page.text();
  CAF_CHECK(has_line(text, "tidegate_request_seconds_count{api=\"Fetch\"} 3"));
  CAF_CHECK(has_line(text, "tidegate_request_seconds_bucket{api=\"Fetch\",le=\"+Inf\"} 3"));
  const auto& one = page.samples("tidegate_request_seconds").front();
  CAF_CHECK_EQUAL(one.buckets.front().count, 1u);
  CAF_CHECK_EQUAL(one.buckets.back().count, 2u);
  CAF_CHECK(one.buckets.back().bound > 29.99 && one.buckets.back().bound < 30.01);
  CAF_CHECK(one.value > 42.0 && one.value < 42.001);
}

CAF_TEST(no series is there twice and every row of the table has one) {
  counted.apis[0].errors.add(error_code::corrupt_message);
  counted.refused_batches.add(static_cast<error_code>(999));
  topic_metrics topics{1};
  const auto joined = topics.join("t", {}, 0);
  lag_board board;
  board.rows[{"g", "t"}] = 1;
  metric_page page;
  add_all(page, options{}, true);
  add_topics(page, topics);
  add_lags(page, board);
  page.add("tidegate_store_undecided_seconds", 0);
  page.add("tidegate_disk_free_bytes", 0);
  page.add("tidegate_disk_reserve_bytes", 0);
  page.add("tidegate_connections_waiting", 0);
  page.add("tidegate_unsent_bytes", 0);
  std::set<std::string> series;
  std::istringstream lines(page.text());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    if (!series.insert(line.substr(0, line.rfind(' '))).second) CAF_ERROR("twice: " << line);
  }
  for (const auto& row : metric_table) {
    const std::string name{row.name};
    const auto at = series.lower_bound(name);
    if (at == series.end() || !at->starts_with(name)) CAF_ERROR(name << " is never shown");
  }
}

CAF_TEST(what the process says of itself is plausible) {
  metric_page page;
  add_process(page);
  const auto value = [&](metric_id id) { return page.samples(id).at(0).value; };
  CAF_CHECK(value("process_resident_memory_bytes") > 1e6);
  CAF_CHECK(value("process_cpu_seconds_total") > 0);
  CAF_CHECK(value("process_open_fds") >= 3);
  const auto now = static_cast<double>(std::time(nullptr));
  CAF_CHECK(value("process_start_time_seconds") > now - 3600 && value("process_start_time_seconds") <= now + 2);
}
