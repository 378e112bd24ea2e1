# libc++ of the compiler's own LLVM. Distributions' packages of it exclude one another, so the second is unpacked into the build
# folder by set-up; a Clang that finds neither would take another LLVM's without a word.

# Sets `compile` and `link` to what a compiler needs to use its own libc++, and `gap` to why it cannot, or to nothing.
function(safecost_libcxx compile link gap)
  string(REGEX MATCH "^[0-9]+" major ${CMAKE_CXX_COMPILER_VERSION})
  set(folder ${SAFECOST_BUILD}/libcxx-${major}/usr/lib/llvm-${major})
  set(source ${CMAKE_BINARY_DIR}/libcxx.cc)
  file(WRITE ${source} "#include <version>\nstatic_assert(_LIBCPP_VERSION / 10000 == ${major});\nint main() {}\n")
  # As if it were installed, so that no path of this machine is in a plugin.
  set(by_path -nostdinc++ -isystem${folder}/include/c++/v1 -ffile-prefix-map=${SAFECOST_BUILD}/libcxx-${major}=)
  set(${compile} "" PARENT_SCOPE)
  set(${link} "" PARENT_SCOPE)
  set(${gap} "" PARENT_SCOPE)
  try_compile(own ${CMAKE_BINARY_DIR}/libcxx SOURCES ${source} COMPILE_DEFINITIONS ${PROFILE_FLAGS} LINK_OPTIONS ${PROFILE_FLAGS}
              OUTPUT_VARIABLE output)
  if(own)
    return()
  endif()
  if(EXISTS ${folder}/include/c++/v1)
    set(${compile} "${by_path}" PARENT_SCOPE)
    set(${link} -L${folder}/lib PARENT_SCOPE)
  elseif(output MATCHES "static assertion failed|static_assert failed")
    set(${gap} "Clang ${major} would use the libc++ of another LLVM; it is paired with libc++-${major}-dev and libc++abi-${major}-dev" PARENT_SCOPE)
  endif()
endfunction()
