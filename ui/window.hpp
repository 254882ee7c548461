#pragma once
/// The window of the program: GLFW and OpenGL 3.3 around a Workbench.
///
///     std::unique_ptr<FrontEnd> front_end = ui::make_front_end();
///     if (std::string why = front_end->unavailable(options); !why.empty()) …;
///     std::string problem = front_end->show(port, options);      // on the main thread, while the run has its own
///
/// It sleeps unless there is an input, a new snapshot or an animation, and draws at most 60 frames a second. Settings
/// are loaded at the start and saved at the end. Scale and theme follow Settings::scale and Settings::light from one
/// frame to the next: the workbench only has to change them. Errors of GLFW and OpenGL are told in the log strip once,
/// and in one line on stderr at the end.
///
/// With WindowOptions::screenshot nothing is opened: the same is drawn off-screen, without a display.

#include <memory>

#include "src/view/front_end.hpp"

namespace jko::ui {

std::unique_ptr<FrontEnd> make_front_end();

}  // namespace jko::ui
