#pragma once

namespace jko {

/// "0.2.0", from the top CMakeLists.txt.
const char* version();

}  // namespace jko
