# Flags of our own targets only; nothing global that a dependency would see.
find_program(DSNN_CCACHE ccache)
if(DSNN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DSNN_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${DSNN_CCACHE})
endif()

# dsnn_compile_options(TARGET): warnings, hardening and sanitizers.
function(dsnn_compile_options target)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wconversion -Wno-restrict -Wno-missing-field-initializers $<IF:$<CXX_COMPILER_ID:Clang>,-fconstexpr-steps=1000000000,-fconstexpr-ops-limit=1000000000>>
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${DSNN_WERROR}>>:-Werror>
    $<$<COMPILE_LANGUAGE:CXX>:-fstack-protector-strong>)
  target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now)
  if(DSNN_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${DSNN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # g++ 12 sees ghosts in instrumented std::optional and std::regex
    target_link_options(${target} PRIVATE -fsanitize=${DSNN_SANITIZE})
  endif()
endfunction()
