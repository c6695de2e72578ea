#pragma once

#include "actors/metrics/metric_table.hpp"
#include "messages/common/counter.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::actors {

/// One scrape: the samples of every row of the table, and their text in Prometheus' format. Thread: one.
class metric_page {
 public:
  using labels = std::array<std::string_view, 2>;

  /// `values`: of the row's labels, in their order; any bytes.
  void add(metric_id metric, double value, labels values = {});
  void add(metric_id metric, const counter& value, labels values = {}) {
    add(metric, static_cast<double>(value.value()), values);
  }
  void add(metric_id metric, const gauge& value, labels values = {}) {
    add(metric, static_cast<double>(value.value()), values);
  }

  /// `unit`: what one of the histogram's is in the metric's, e.g. 1e-9 for nanoseconds.
  template <const auto& bounds>
  void add(metric_id metric, const histogram<bounds>& values, double unit, labels of = {}) {
    auto& s = sample_of(metric, of);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      below += values.count_in(i);
      s.buckets.push_back({static_cast<double>(bounds[i]) * unit, below});
    }
    s.count = below + values.count_in(bounds.size());
    s.value = static_cast<double>(values.sum()) * unit;
  }

  /// Prometheus' text format 0.0.4. A row without samples is there with its HELP and TYPE.
  [[nodiscard]] std::string text() const;

  struct bucket {
    double bound = 0;
    std::uint64_t count = 0;  // cumulative
  };
  struct sample {
    std::array<std::string, 2> labels;
    double value = 0;  // of a histogram: its sum
    std::uint64_t count = 0;
    std::vector<bucket> buckets;
  };
  [[nodiscard]] const std::vector<sample>& samples(metric_id metric) const { return rows_[metric.index]; }

 private:
  sample& sample_of(metric_id metric, const labels& values);

  std::array<std::vector<sample>, metric_table.size()> rows_;
};

/// Text for a label: UTF-8 without control characters. Other bytes, and "%" itself, are percent-encoded, so that two
/// names never become one; above 249 bytes (a topic name) as escape_group() shortens it.
std::string label_text(std::string_view bytes);

}  // namespace tidegate::actors
