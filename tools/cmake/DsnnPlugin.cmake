# dsnn_add_plugin(NAME SOURCES... [TORCH] [KERNELS library...] [LIBRARIES library...])
# One shared library <build>/plugins/NAME.dsnn.so that links the public API, with TORCH also libdsnn_torch.
function(dsnn_add_plugin name)
  cmake_parse_arguments(P "TORCH" "OUTPUT" "SOURCES;KERNELS;LIBRARIES" ${ARGN})
  if(P_TORCH AND NOT DSNN_WITH_TORCH)
    return()
  endif()
  set(target plugin_${name})
  add_library(${target} MODULE ${P_SOURCES} ${P_UNPARSED_ARGUMENTS})
  if(NOT P_OUTPUT)
    set(P_OUTPUT ${CMAKE_BINARY_DIR}/plugins)
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} SUFFIX ".dsnn.so"
    LIBRARY_OUTPUT_DIRECTORY ${P_OUTPUT}
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    INSTALL_RPATH "$ORIGIN;$ORIGIN/..;$ORIGIN/../lib" INSTALL_RPATH_USE_LINK_PATH ON)
  target_link_libraries(${target} PRIVATE dsnn_api ${P_KERNELS} ${P_LIBRARIES})
  if(P_TORCH)
    target_compile_definitions(${target} PRIVATE DSNN_BUILD_WITH_TORCH=true)
    target_link_libraries(${target} PRIVATE dsnn_torch dsnn_libtorch)
  endif()
  target_link_options(${target} PRIVATE -Wl,-z,defs)
  if(DSNN_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,-z,undefs)
  endif()
  dsnn_compile_options(${target})
  add_dependencies(dsnn_plugins ${target})
endfunction()
