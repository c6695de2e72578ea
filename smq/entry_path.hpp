#pragma once

#include <string>
#include <string_view>

/// Which paths entries may have, on every engine.
namespace tidegate::smq {

/// Empty when `path` may be an entry, otherwise the reason why not. Names have 1 to 255 bytes and no NUL.
std::string path_problem(std::string_view path);

/// The directory of a path without a problem ("/" for "/a") and the name in it.
std::string_view directory_of(std::string_view path);
std::string_view name_of(std::string_view path);

}  // namespace tidegate::smq
