#pragma once

#include "actors/metrics/lag.hpp"
#include "actors/metrics/metric_page.hpp"
#include "actors/settings/options.hpp"

/// The metrics' names and labels for what everybody counts. Nothing here takes a lock of the hot path or waits.
namespace tidegate::actors {

void add_requests(metric_page& page);
void add_groups(metric_page& page);
void add_records(metric_page& page);
void add_trouble(metric_page& page);
void add_store(metric_page& page);
void add_process(metric_page& page);
void add_limits(metric_page& page, const options& settings);
void add_topics(metric_page& page, const topic_metrics& topics);
void add_lags(metric_page& page, const lag_board& board);

/// Everything but topics, lags and limits in use, for which there must be a running node.
void add_all(metric_page& page, const options& settings, bool is_healthy);

}  // namespace tidegate::actors
