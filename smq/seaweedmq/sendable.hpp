#pragma once

#include "smq/ports.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What may be sent to a filer. For the .cpp files of this folder only.
namespace tidegate::smq::seaweedmq {

/// Empty when an entry may have this path here; otherwise the reason why not.
std::string filer_path_problem(std::string_view path);

/// Empty when all of it may be sent in one transaction; otherwise the reason why not.
std::string transaction_problem(const guard& condition, const mutation_list& mutations);

}  // namespace tidegate::smq::seaweedmq
