#pragma once
/// What every file of our targets is compiled after, once a target (target_precompile_headers). No file relies on it:
/// each includes what it uses, and the build works with -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON.

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "filter/eigen_instances.hpp"
#include "jko/types.hpp"
