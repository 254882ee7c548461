// Catch2 3 brings its own main(); version 2 wants to be told where to put it.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
