#include "actors/cli.hpp"

#ifdef TIDEGATE_JEMALLOC
/// Read by jemalloc before main(): a thread of its own gives back what an idle node does not use.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true";
#endif

int main(int argc, char** argv) { return tidegate::actors::run_cli({argv + 1, argv + argc}); }
