#pragma once

namespace jko {

/// "0.1.0", from the top CMakeLists.txt.
const char* version();

}  // namespace jko
