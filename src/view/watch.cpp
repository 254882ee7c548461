#include "src/view/watch.hpp"

#include <exception>
#include <ostream>
#include <stdexcept>
#include <thread>

namespace jko {

void watch(FrontEnd& front_end, const WindowOptions& options, std::ostream& err,
           const std::function<void(ViewPort&)>& run) {
  ViewPort port;
  std::exception_ptr failure;
  std::thread thread([&] {
    try {
      run(port);
    } catch (...) {
      failure = std::current_exception();
    }
    port.finish();
  });
  const std::string problem = front_end.show(port, options);
  const bool picture = !options.screenshot.empty();
  if (!problem.empty() && !picture) err << "jkofilter: window: " << problem << std::endl;
  thread.join();
  if (failure) std::rethrow_exception(failure);
  if (!problem.empty() && picture) throw std::runtime_error("--screenshot: " + problem);
}

}  // namespace jko
