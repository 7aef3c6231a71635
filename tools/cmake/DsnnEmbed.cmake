# dsnn_embed(TARGET FILE SYMBOL NAMESPACE): FILE becomes `extern const std::string_view SYMBOL` in a generated .cpp of
# TARGET, rebuilt when FILE changes. Text files only.
function(dsnn_embed target file symbol namespace)
  get_filename_component(source ${file} ABSOLUTE)
  set(output ${CMAKE_BINARY_DIR}/generated/embedded/${symbol}.cpp)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${source} -DOUTPUT=${output} -DSYMBOL=${symbol} -DNAMESPACE=${namespace}
            -P ${CMAKE_SOURCE_DIR}/tools/cmake/embed.cmake
    DEPENDS ${source} ${CMAKE_SOURCE_DIR}/tools/cmake/embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
