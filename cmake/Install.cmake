# What `cmake --install` puts where: the library with its headers and a CMake package, the module for LibTorch, and the
# program, if it is built.
include(CMakePackageConfigHelpers)

if(JKO_CUDA_KERNEL OR JKO_SANITIZE)
  message(STATUS "with JKO_CUDA_KERNEL or JKO_SANITIZE there is nothing to install")
  return()
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/jkofilter)

install(TARGETS jko_filter EXPORT jkofilter ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/filter/include/jko ${PROJECT_BINARY_DIR}/filter/include/jko
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
if(JKO_TORCH)
  install(TARGETS jko_torch LIBRARY DESTINATION ${JKO_MODULES})
endif()
install(EXPORT jkofilter FILE jkofilterTargets.cmake NAMESPACE jko:: DESTINATION ${package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/jkofilterConfig.cmake.in
  ${PROJECT_BINARY_DIR}/jkofilterConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/jkofilterConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/jkofilterConfig.cmake ${PROJECT_BINARY_DIR}/jkofilterConfigVersion.cmake
        DESTINATION ${package})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(JKO_PROGRAM)
  file(RELATIVE_PATH from_program ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/jkofilter)
  set_property(TARGET jkofilter APPEND PROPERTY INSTALL_RPATH "$ORIGIN/${from_program}")
  install(TARGETS jkofilter RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs DESTINATION ${CMAKE_INSTALL_DATADIR}/jkofilter)
endif()
