#include "src/version.hpp"

#include "jko/version.hpp"

namespace jko {

const char* version() { return JKO_VERSION; }

}  // namespace jko
