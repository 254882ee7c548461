#include <iostream>

#include "src/program.hpp"
#ifdef JKO_UI
#include "ui/window.hpp"
#endif

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
#ifdef JKO_UI
  const std::unique_ptr<jko::FrontEnd> front_end = jko::ui::make_front_end();
  return jko::run_program(arguments, std::cout, std::cerr, front_end.get());
#else
  return jko::run_program(arguments, std::cout, std::cerr);
#endif
}
