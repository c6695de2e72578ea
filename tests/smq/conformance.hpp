#pragma once

#include "smq/ports.hpp"

#include <string>

namespace tidegate::smq::testing {

/// What every engine must do, checked through the ports alone. Uses only paths below `root`, which must not exist.
/// Each function reports through CAF's checks of the test that calls it.
void check_outcomes_and_guards(engine store, const std::string& root);
void check_order_of_mutations(engine store, const std::string& root);
/// Only where transactions apply in the order of their calls, without waiting for answers.
void check_queued_transactions(engine store, const std::string& root);
void check_names_and_sizes(engine store, const std::string& root);
void check_listing(engine store, const std::string& root);
void check_get_many(engine store, const std::string& root);
void check_chunks(engine store, const std::string& root);
void check_remove_tree(engine store, const std::string& root);
void check_chunks_of_a_removed_tree(engine store, const std::string& root);
void check_concurrent_counters(engine store, const std::string& root);

}  // namespace tidegate::smq::testing
