#include "filter/density/anchor.hpp"

#include "filter/density/flow_anchor.hpp"
#include "filter/density/grid_anchor.hpp"
#include "filter/density/spline_anchor.hpp"
#include "filter/state_checks.hpp"

namespace jko {

std::shared_ptr<const Anchor> restored_anchor(const AnchorState& state, const GaussianMixture& initial) {
  const Index d = initial.dimension();
  switch (state.kind) {
    case AnchorState::initial:
      return std::make_shared<MixtureAnchor>(initial);
    case AnchorState::spline:
      require_state(d == 1, "an anchor of another dimension");
      return std::make_shared<SplineAnchor>(state);
    case AnchorState::grid:
      require_state(d == 2, "an anchor of another dimension");
      return std::make_shared<GridAnchor>(state);
    case AnchorState::flow:
      require_state(state.center.size() == d, "an anchor of another dimension");
      return std::make_shared<FlowAnchor>(state);
    default:
      throw std::invalid_argument("the kind of an anchor");
  }
}

}  // namespace jko
