#pragma once
/// Several runs side by side, each in a thread of its own. Where the engine batches (filter/step_engine.hpp), the JKO
/// steps that they ask for are solved together.
///
///     std::vector<std::exception_ptr> errors = run_together(works, together_at_most(works.size()));

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

namespace jko {

/// How many of `count` runs go well side by side: as many as there are threads (--threads), or on a device that batches
/// up to 1,024.
std::size_t together_at_most(std::size_t count);

/// Runs them all, `at_once` at a time, and returns what each threw, null for nothing. One at a time they run in this
/// thread, in their order.
std::vector<std::exception_ptr> run_together(const std::vector<std::function<void()>>& works, std::size_t at_once);

}  // namespace jko
