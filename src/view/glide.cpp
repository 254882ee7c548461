#include "src/view/snapshot.hpp"

namespace jko {

// McCann, "A convexity principle for interacting gases" (1997): mass moves along straight lines.
void Glide::at(double s, std::vector<double>& x, std::vector<double>& pdf) const {
  x.resize(from.size());
  pdf.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    x[i] = (1.0 - s) * from[i] + s * to[i];
    pdf[i] = density[i] / ((1.0 - s) + s * stretch[i]);
  }
}

}  // namespace jko
