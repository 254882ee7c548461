#include "src/version.hpp"

namespace jko {

const char* version() { return JKO_VERSION; }

}  // namespace jko
