#pragma once

#include "messages/common/error_code.hpp"

#include <string_view>

namespace tidegate {

/// Kafka's name of the code, e.g. "NOT_COORDINATOR"; "OTHER" for a number that is not in the enumeration.
std::string_view name_of(error_code error);

}  // namespace tidegate
