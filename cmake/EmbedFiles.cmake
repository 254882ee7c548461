# Text files as C++ constants, so that the program needs none at run time.
#
#   embed_files(SOURCE FUNCTION FILES...)
#
# writes the source file SOURCE with `const std::map<std::string, std::string>& jko::FUNCTION()`: the texts by the files' names
# without their endings. Configuring is repeated when a file changes.
function(embed_files source function)
  set(entries "")
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND entries "      {\"${name}\", R\"text(${text})text\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
#include <map>
#include <string>

namespace jko {

const std::map<std::string, std::string>& @function@();

const std::map<std::string, std::string>& @function@() {
  static const std::map<std::string, std::string> kTexts = {
@entries@  };
  return kTexts;
}

}  // namespace jko
]])
endfunction()
