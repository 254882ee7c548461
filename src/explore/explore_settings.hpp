#pragma once
/// What `jkofilter explore` is asked to show: a potential and an initial law in one or two dimensions, by the names of
/// presets, as a formula, drawn with the mouse, or from a study's config.
///
///     ExploreSettings settings;
///     settings.potential = "sine_well";
///     settings = with_setting(settings, "beta", "2.5");     // throws std::invalid_argument: what to say
///     Config config = parse_config(config_text(settings), "explore");
///
/// All checks of the model are those of the config reader, which reads config_text().

#include <cstdint>
#include <string>
#include <vector>

#include "src/config.hpp"
#include "src/view/commands.hpp"
#include "src/view/snapshot.hpp"

namespace jko {

struct ExploreSettings {
  std::string name = "explore";
  Index dimension = 1;                    ///< 1 or 2
  std::string potential = "double_well";  ///< quadratic, sine_well, double_well, mixture, formula, or study
  std::string formula;                    ///< in x0, x1 and t; empty: an example
  std::string initial = "narrow";         ///< narrow, wide, two_heaps, three_heaps, ring, drawn, or study
  double beta = 1.0;
  double tau = 0.1;             ///< length of a JKO step
  std::string scheme = "bdf2";  ///< or jko
  bool grid = true;             ///< the grid solution beside it
  Index particles = 20'000;     ///< Langevin paths beside it; 0: none
  std::uint64_t seed = 0;
  Index frames = 2000;  ///< kept, at most; a quarter of them in the plane
  /// Sections of a config, as JSON: of a study that was opened, or of the law that was drawn.
  std::string own_potential, own_initial;
};

/// The study as a config that `jkofilter check` accepts. Its observation is never made.
std::string config_text(const ExploreSettings& settings);

/// The fields that a window offers, and the settings with one of them changed; the flow starts again with them.
std::vector<Field> explore_fields(const ExploreSettings& settings);
/// Throws std::invalid_argument if the text is no value of this field.
ExploreSettings with_setting(const ExploreSettings& settings, const std::string& key, const std::string& text);

/// The settings with an initial law of heaps. Throws std::invalid_argument if there is no mass, or in the wrong space.
ExploreSettings with_drawn_law(const ExploreSettings& settings, const DrawLaw& law);

/// The settings with potential, β, initial law, τ and scheme of a config. Throws std::invalid_argument for more than
/// two dimensions.
ExploreSettings with_study(const ExploreSettings& settings, const Config& config);

/// A complaint of the config reader without file, line and key: it is shown beside the field.
std::string bare_complaint(const std::string& text);

}  // namespace jko
