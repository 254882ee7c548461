#pragma once
/// The precompiled header of the program, its window, its tests and benchmarks: filter/precompiled.hpp says how.

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "filter/precompiled.hpp"
