#pragma once
/// A part of the window that draws one aspect of a snapshot.
///
/// To add one: derive from Panel in a file of this folder, declare its maker here, and add a line to the table of
/// ui/workbench.cpp.

#include <memory>
#include <optional>
#include <string>

#include "src/view/view_port.hpp"
#include "ui/textures.hpp"

namespace jko::ui {

/// What a panel may know and do while it draws.
struct PanelContext {
  const Snapshot& snapshot;
  ViewPort& port;  ///< for commands
  Textures& textures;
  double now = 0.0;     ///< the steady clock's seconds, for what moves between snapshots
  bool frozen = false;  ///< the view is held: `snapshot` is not the newest one
  /// The moment that is looked at, of the model's time; empty: the newest.
  std::optional<double>& look_back;
  /// Lowered to the seconds after which something will have moved visibly, although no snapshot comes.
  double& until_movement;
};

class Panel {
 public:
  virtual ~Panel() = default;
  /// Draws into the current window, all of whose space is the panel's.
  virtual void draw(PanelContext& context) = 0;
};

std::unique_ptr<Panel> make_control_panel();
std::unique_ptr<Panel> make_density_panel();
std::unique_ptr<Panel> make_time_panel();
std::unique_ptr<Panel> make_engine_panel();
std::unique_ptr<Panel> make_flow_panel();
std::unique_ptr<Panel> make_energy_panel();
std::unique_ptr<Panel> make_step_panel();

}  // namespace jko::ui
