#include <iostream>

#include "src/program.hpp"

int main(int argc, char** argv) {
  return jko::run_program(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
