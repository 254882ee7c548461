# Installs the library, and builds and runs a project that uses it, with flags that differ from the library's. All must print
# the same numbers.
#
#   cmake -DBUILD=<build> -DSOURCE=<this folder> -DWORK=<empty folder> -DVERSION=<version> [-DTORCH=ON] -P run.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: ${code}\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
# Nothing but the public headers, none of which needs more than Eigen and the standard library.
file(GLOB_RECURSE headers RELATIVE ${WORK}/prefix/include ${WORK}/prefix/include/*)
foreach(header ${headers})
  if(NOT header MATCHES "^jko/[a-z_]+\\.hpp$")
    message(FATAL_ERROR "${header} is installed")
  endif()
  file(STRINGS ${WORK}/prefix/include/${header} includes REGEX "^#include")
  foreach(include ${includes})
    if(NOT include MATCHES "^#include (\"jko/[a-z_]+\\.hpp\"|<[a-z_]+>|<Eigen/Core>)$")
      message(FATAL_ERROR "${header}: ${include}")
    endif()
  endforeach()
endforeach()

set(argument "")
if(TORCH)
  set(argument formulas)
endif()
set(first "")
foreach(flags "-O2 -Wall -Wextra -Werror" "-O2 -march=native -w" "-O1 -g -fsanitize=address")
  string(MAKE_C_IDENTIFIER "${flags}" folder)
  run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${WORK}/${folder} -DCMAKE_PREFIX_PATH=${WORK}/prefix
      "-DCMAKE_CXX_FLAGS=${flags} -DEXPECTED_VERSION='\"${VERSION}\"'")
  run(${CMAKE_COMMAND} --build ${WORK}/${folder})
  # LibTorch's own start leaks.
  run(${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 ${WORK}/${folder}/consumer ${argument})
  message(STATUS "${flags}: ${out}")
  if(first STREQUAL "")
    set(first "${out}")
  elseif(NOT first STREQUAL out)
    message(FATAL_ERROR "${flags}: ${out} instead of ${first}")
  endif()
endforeach()
file(REMOVE_RECURSE ${WORK})
