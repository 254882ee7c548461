#define JKO_EIGEN_INSTANCE template
#include "filter/eigen_instances.hpp"
