#include "filter/random.hpp"
