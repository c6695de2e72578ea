// The main() of every C++ test binary.
#include "caf/test/unit_test_impl.hpp"
