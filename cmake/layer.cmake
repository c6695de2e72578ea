# One static library per layer, from every .cpp below its folder.
option(TIDEGATE_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(TIDEGATE_FUZZ "Build for libFuzzer, with clang: only tests/fuzz" OFF)
option(TIDEGATE_FAULT_POINTS "Compile in the moments at which TIDEGATE_FAULT kills (messages/common/fault_point.hpp)" OFF)

add_library(tidegate_options INTERFACE)
target_include_directories(tidegate_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(tidegate_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
# g++ 12 takes moved-from alternatives of std::variant for uninitialised ones at -O1 and -O2.
target_compile_options(tidegate_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
target_link_options(tidegate_options INTERFACE -fuse-ld=mold)
if(TIDEGATE_SANITIZE)
  # CAF's own templates bind null references, hence no null check.
  set(sanitize -fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=all)
  target_compile_options(tidegate_options INTERFACE ${sanitize})
  target_link_options(tidegate_options INTERFACE ${sanitize})
endif()

if(TIDEGATE_FUZZ)
  set(sanitize -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_compile_options(tidegate_options INTERFACE ${sanitize})
  target_link_options(tidegate_options INTERFACE ${sanitize})
endif()

if(TIDEGATE_FAULT_POINTS)
  target_compile_definitions(tidegate_options INTERFACE TIDEGATE_FAULT_POINTS)
endif()

# Asio's and Beast's own sources, compiled once for all who use them: net, and the HTTP client of smq.
add_library(tidegate_asio STATIC ${PROJECT_SOURCE_DIR}/cmake/asio.cpp)
target_link_libraries(tidegate_asio PUBLIC tidegate_options Boost::headers OpenSSL::SSL Threads::Threads)
target_compile_definitions(tidegate_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                                                BOOST_ASIO_NO_DEPRECATED)

function(tidegate_layer name)
  cmake_parse_arguments(arg "" "" "EXCLUDE;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(pattern ${arg_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX ${pattern})
  endforeach()
  if(sources)
    add_library(tidegate_${name} STATIC ${sources})
    target_link_libraries(tidegate_${name} PUBLIC tidegate_options ${arg_LINK})
  else()
    add_library(tidegate_${name} INTERFACE)
    target_link_libraries(tidegate_${name} INTERFACE tidegate_options ${arg_LINK})
  endif()
endfunction()
