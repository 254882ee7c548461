# Dear ImGui as Debian packages it (it has no CMake package of its own), with its GLFW and OpenGL 3 backends, as the
# target ImGui::ImGui. The backends call GLFW: link it too.
find_path(ImGui_INCLUDE_DIR imgui.h PATH_SUFFIXES imgui DOC "The folder that holds imgui.h")
find_path(ImGui_BACKENDS_INCLUDE_DIR imgui_impl_opengl3.h HINTS ${ImGui_INCLUDE_DIR} ${ImGui_INCLUDE_DIR}/backends
  PATH_SUFFIXES imgui imgui/backends DOC "The folder that holds imgui_impl_glfw.h and imgui_impl_opengl3.h")
find_library(ImGui_LIBRARY imgui DOC "Dear ImGui with its backends")
find_library(ImGui_STB_LIBRARY stb DOC "stb, which Debian's Dear ImGui takes its font rasterizer from")
mark_as_advanced(ImGui_INCLUDE_DIR ImGui_BACKENDS_INCLUDE_DIR ImGui_LIBRARY ImGui_STB_LIBRARY)

if(ImGui_INCLUDE_DIR)
  file(STRINGS ${ImGui_INCLUDE_DIR}/imgui.h ImGui_VERSION REGEX "^#define +IMGUI_VERSION +\"")
  string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" ImGui_VERSION "${ImGui_VERSION}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ImGui
  REQUIRED_VARS ImGui_LIBRARY ImGui_INCLUDE_DIR ImGui_BACKENDS_INCLUDE_DIR
  VERSION_VAR ImGui_VERSION
  REASON_FAILURE_MESSAGE "install libimgui-dev, or configure with -DJKO_UI=OFF for a program without a window")

if(ImGui_FOUND AND NOT TARGET ImGui::ImGui)
  add_library(ImGui::ImGui UNKNOWN IMPORTED)
  set_target_properties(ImGui::ImGui PROPERTIES
    IMPORTED_LOCATION ${ImGui_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES "${ImGui_INCLUDE_DIR};${ImGui_BACKENDS_INCLUDE_DIR}")
  target_link_libraries(ImGui::ImGui INTERFACE ${CMAKE_DL_LIBS})
  if(ImGui_STB_LIBRARY)
    target_link_libraries(ImGui::ImGui INTERFACE ${ImGui_STB_LIBRARY})
  endif()
endif()
