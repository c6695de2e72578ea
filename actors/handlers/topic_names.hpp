#pragma once

#include <string>
#include <string_view>

namespace tidegate::actors::handlers {

/// What is wrong with a topic's name, in Kafka's words; "": it is legal.
/// Source: Kafka's Topic.validate.
std::string name_problem(std::string_view name);

}  // namespace tidegate::actors::handlers
