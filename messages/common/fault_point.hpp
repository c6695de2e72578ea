#pragma once

#include <string_view>

/// A named moment at which tests make the process or an actor die: TIDEGATE_FAULT_POINT("module.operation.moment").
/// Nothing is left of it unless CMake's option TIDEGATE_FAULT_POINTS is on (preset `test`), and then it only acts on what
/// the environment variable TIDEGATE_FAULT asks for: "point:action:n[,…]", at the n-th pass (from 1) of that point, or
/// at every pass ("*").
/// Actions: kill = SIGKILL to the own process; throw = std::runtime_error, for points that an actor's handler passes.
#ifdef TIDEGATE_FAULT_POINTS
#define TIDEGATE_FAULT_POINT(name) ::tidegate::fault_point(name)
#else
#define TIDEGATE_FAULT_POINT(name) static_cast<void>(0)
#endif

namespace tidegate {

#ifdef TIDEGATE_FAULT_POINTS
inline constexpr bool has_fault_points = true;

/// Passes a point whose name is known at run time only. Throws std::runtime_error when asked to.
/// A TIDEGATE_FAULT that cannot be read ends the process with 2: a test must not run without its fault.
/// Thread: any.
void fault_point(std::string_view name);
#else
inline constexpr bool has_fault_points = false;

inline void fault_point(std::string_view) {}
#endif

}  // namespace tidegate
