#include "actors/command_line.hpp"

#ifdef TIDEGATE_JEMALLOC
/// Read by jemalloc before main(): a thread of its own gives back what an idle node does not use. Of each size a thread
/// keeps 40 pieces that it freed, not 200: each may hold a page of actors that are gone, for as long as the thread is
/// idle.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,tcache_nslots_small_max:40";
#endif

int main(int argc, char** argv) { return tidegate::actors::run_command_line({argv + 1, argv + argc}); }
