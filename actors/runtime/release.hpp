#pragma once

#include "actors/interfaces/registry_directory.hpp"
#include "actors/interfaces/topic_directory.hpp"
#include "net/admin_server.hpp"

#include <string_view>

namespace tidegate::actors {

/// POST /release on the admin port: a group, or partitions of a topic, that crashed again and again may start again.
/// `query`: "group=NAME", or "topic=NAME" with or without "&partition=N", percent-encoded.
/// Answers 200 {"released":N}, where N is how many were in quarantine; 400; 404 (no such topic); 503 (no answer in 2 s).
/// Thread: any but those of actors; waits.
net::http_answer answer_release(const registry_directory& registries, const topic_directory& topics,
                                std::string_view query);

}  // namespace tidegate::actors
