#include <omp.h>

#include <ostream>

#include "src/commands/commands.hpp"
#include "src/commands/flow_commands.hpp"
#include "src/flow_file.hpp"
#include "src/points_file.hpp"

namespace jko {

void sample(const SampleOptions& options, std::ostream& out) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  const TrainedFlow flow = load_flow(options.flow);
  const Points draws = flow.sample(options.count, options.seed);
  TableOutput output(options.output, out);
  output.stream() << point_names(flow.dimension()) << '\n';
  write_points(output.stream(), draws);
  output.finish();
}

}  // namespace jko
