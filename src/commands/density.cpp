#include <omp.h>

#include <ostream>

#include "src/commands/commands.hpp"
#include "src/commands/flow_commands.hpp"
#include "src/flow_file.hpp"
#include "src/points_file.hpp"

namespace jko {

void density(const DensityOptions& options, std::ostream& out) {
  constexpr Index kAtOnce = 8192;
  if (options.threads > 0) omp_set_num_threads(options.threads);
  const TrainedFlow flow = load_flow(options.flow);
  PointsReader reader(options.points, flow.dimension());
  TableOutput output(options.output, out);
  output.stream() << point_names(flow.dimension()) << ",log_density\n";
  for (Points x = reader.next(kAtOnce); x.rows() > 0; x = reader.next(kAtOnce)) {
    write_points(output.stream(), x, flow.log_density(x));
  }
  output.finish();
}

}  // namespace jko
