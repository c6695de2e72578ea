#include "actors/cli.hpp"

int main(int argc, char** argv) { return tidegate::actors::run_cli({argv + 1, argv + argc}); }
