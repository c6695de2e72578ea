#include "actors/metrics/metric_page.hpp"

#include "messages/common/utf8.hpp"
#include "smq/names.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>

namespace tidegate::actors {

namespace {

constexpr std::size_t longest_label = 249;  // of a topic name

prometheus::MetricType type_of(metric_type type) {
  switch (type) {
    case metric_type::counter: return prometheus::MetricType::Counter;
    case metric_type::gauge: return prometheus::MetricType::Gauge;
    case metric_type::histogram: break;
  }
  return prometheus::MetricType::Histogram;
}

prometheus::ClientMetric to_client_metric(const metric_row& row, const metric_page::sample& from) {
  prometheus::ClientMetric to;
  for (std::size_t i = 0; i < row.labels.size(); ++i)
    if (!row.labels[i].empty()) to.label.push_back({std::string(row.labels[i]), from.labels[i]});
  to.counter.value = from.value;
  to.gauge.value = from.value;
  to.histogram.sample_count = from.count;
  to.histogram.sample_sum = from.value;
  for (const auto& b : from.buckets) to.histogram.bucket.push_back({b.count, b.bound});
  return to;
}

/// The length of the UTF-8 character at the front, of a printable one; 0: there is none.
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto length = utf8_character_size(text);
  const bool is_ascii_control = length == 1 && (byte(0) < 0x20 || byte(0) == 0x7F);
  const bool is_other_control = length == 2 && byte(0) == 0xC2 && byte(1) < 0xA0;
  return is_ascii_control || is_other_control ? 0 : length;
}

}  // namespace

std::string label_text(std::string_view bytes) {
  if (bytes.size() > longest_label) return smq::escape_group(bytes);
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  while (!bytes.empty()) {
    const auto length = bytes.front() == '%' ? 0 : printable_length(bytes);
    if (length > 0) {
      out.append(bytes.substr(0, length));
    } else {
      const auto byte = static_cast<unsigned char>(bytes.front());
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

metric_page::sample& metric_page::sample_of(metric_id metric, const labels& values) {
  auto& made = rows_[metric.index].emplace_back();
  for (std::size_t i = 0; i < values.size(); ++i) made.labels[i] = label_text(values[i]);
  return made;
}

void metric_page::add(metric_id metric, double value, labels values) { sample_of(metric, values).value = value; }

std::string metric_page::text() const {
  std::vector<prometheus::MetricFamily> families;
  for (std::size_t i = 0; i < metric_table.size(); ++i) {
    const auto& row = metric_table[i];
    auto& family = families.emplace_back();
    family.name = row.name;
    family.help = row.help;
    family.type = type_of(row.type);
    for (const auto& one : rows_[i]) family.metric.push_back(to_client_metric(row, one));
  }
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, families);
  return std::move(out).str();
}

}  // namespace tidegate::actors
