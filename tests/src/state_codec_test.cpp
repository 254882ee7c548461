#include "src/state_codec.hpp"

#include "filter/jko_state.hpp"
#include "jko/jko_filter.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/test.hpp"

using namespace jko;

TEST_CASE("A state comes back from its tree, also from one of before nodes had a score", "[state_codec]") {
  JkoOptions options;
  options.nodes = 64;
  JkoFilter filter(ou_model(3), options);
  filter.predict(0.2);
  JkoState state = filter.state(), whole, older, torn;
  nlohmann::json tree = encode_state(state);
  decode_state(tree, whole);
  CHECK(whole.belief.nodes.x == state.belief.nodes.x);
  CHECK(whole.belief.nodes.score == state.belief.nodes.score);
  CHECK(state.belief.nodes.score.size() > 0);

  nlohmann::json& nodes = tree.at("belief").at("nodes");
  nodes.erase("score");
  decode_state(tree, older);
  CHECK(older.belief.nodes.score.size() == 0);
  JkoFilter goes_on(ou_model(3), options);
  goes_on.restore(older);
  goes_on.predict(0.4);
  CHECK(goes_on.mean().allFinite());

  nodes.erase("x");
  CHECK_THROWS_WITH(decode_state(tree, torn), "belief.nodes.x is missing");
}
