# Plugins of a C++ profile.
set(CMAKE_CXX_COMPILER ${compiler})
project(safecost_plugins LANGUAGES CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The same for every profile, whatever its compiler.
set(common
    -fPIC -fvisibility=hidden -fvisibility-inlines-hidden
    -ffp-contract=off                           # a*b+c rounds twice everywhere
    # Placement is noise. With loops aligned to 32, Clang's vector loop of indexing/sum crossed a 64-byte line in
    # four variants of seven, which read 4 % slower than the same instructions did in the others.
    -falign-functions=64 -falign-loops=64
    -ffunction-sections                         # so that a layout can put functions in another order
    -gdwarf-4                                   # Valgrind 3.19 reads no newer; code is the same without
    -ffile-prefix-map=${SAFECOST_ROOT}=.        # no path of this machine in a plugin
    -ffile-prefix-map=${CMAKE_BINARY_DIR}=.     # and none of the build: the same source gives the same bytes
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND common -fno-gnu-unique -g1)
else()
  list(APPEND common -gline-tables-only)
endif()
foreach(folder ${SAFECOST_CASES})
  list(APPEND common -ffile-prefix-map=${folder}=.)
endforeach()
set(warnings -Wall -Wextra)
if(SAFECOST_WERROR)
  # A library may still use what it deprecates: GCC 12's std::stable_sort calls
  # std::get_temporary_buffer, of which Clang warns where our call instantiates it.
  list(APPEND warnings -Werror -Wno-error=deprecated-declarations)
endif()

# All runtimes static: a shared one would be compiled by somebody else, with other flags than the profile's.
set(link -static-libgcc -static-libstdc++ -Wl,--version-script=${SAFECOST_ROOT}/src/kernel/plugin.map
    -Wl,-z,now -Wl,--no-undefined -Wl,--gc-sections)
set(library_compile "")
set(library_link "")
if(PROFILE_LIBRARY STREQUAL "libc++")
  include(${SAFECOST_ROOT}/src/cmake/libcxx.cmake)
  safecost_libcxx(library_compile library_link gap)
  if(gap)
    safecost_status(absent "${gap}" "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" "")
    return()
  endif()
  list(APPEND common ${library_compile})
  list(APPEND link -stdlib=libc++ ${library_link})
endif()

set(sanitized FALSE)
set(wait_at_random "")
if("${PROFILE_FLAGS}" MATCHES "-fsanitize=(address|thread)")
  set(sanitized TRUE)
  include(${SAFECOST_ROOT}/src/cmake/sanitizer_oracle.cmake)
  if(sanitizer_gap)
    safecost_status(absent "${sanitizer_gap}" "" "")
    return()
  endif()
endif()

# Can this toolchain build a plugin at all?
set(probe ${CMAKE_BINARY_DIR}/probe.cc)
file(WRITE ${probe} "#include <expected>\n#include <string>\n#include <vector>\nint probe(std::vector<int>& v) { return std::expected<int, std::string>(v[0]).value(); }\nint main() {}\n")
# -std=gnu++23 is spelled 2b by older compilers; CMake knows which.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
try_compile(works ${CMAKE_BINARY_DIR}/probe SOURCES ${probe}
            COMPILE_DEFINITIONS ${PROFILE_FLAGS} ${library_compile}
            LINK_OPTIONS -static-libgcc -static-libstdc++ ${PROFILE_FLAGS} ${library_link}
            CXX_STANDARD 23 CXX_STANDARD_REQUIRED ON OUTPUT_VARIABLE output)
set(version "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
if(NOT works)
  string(REGEX MATCH "[^\n]*(error|cannot find)[^\n]*" line "${output}")
  safecost_status(absent "${version} cannot build a C++23 plugin with ${PROFILE_LIBRARY}: ${line}" "${version}" "")
  return()
endif()

# A distribution's Abseil is compiled with libstdc++, so it does not link with libc++.
set(abseil "")
if(sanitized)
  set(abseil ${sanitized_abseil})
  set(abseil_thread_local TRUE)
elseif(PROFILE_LIBRARY STREQUAL "libstdc++")
  include(${SAFECOST_ROOT}/src/cmake/abseil.cmake)
  safecost_abseil(abseil abseil_thread_local)
endif()
safecost_status(present "" "${version}" "${abseil}")

# The profile's flags as one string each, since CMake drops what a list of options says twice, and an -U may
# have to. What is meant for the linker is for it alone; everything else is seen by compiler and linker.
set(for_linker ${PROFILE_FLAGS})
list(FILTER for_linker INCLUDE REGEX "^-Wl,")
list(JOIN for_linker " " CMAKE_MODULE_LINKER_FLAGS)
list(FILTER PROFILE_FLAGS EXCLUDE REGEX "^-Wl,")
list(JOIN PROFILE_FLAGS " " CMAKE_CXX_FLAGS)

include(${SAFECOST_ROOT}/src/cmake/case_libraries.cmake)

# What all cases share is compiled once, as the cases are.
function(safecost_compile target)
  target_include_directories(${target} SYSTEM PRIVATE ${SAFECOST_ROOT}/src)
  target_compile_options(${target} PRIVATE ${common} ${warnings})
endfunction()
add_library(table OBJECT ${SAFECOST_ROOT}/src/kernel/table.cc)
safecost_compile(table)

# A trained profile is built twice: so that it counts what is executed, and by what was counted, which the driver puts
# where the compiler looks (toolchain/training.py). Of Clang's two ways of counting this is the one that its manual
# recommends for optimising. Of code that is in no case's own files nothing is counted.
function(safecost_train target sources)
  if(SAFECOST_TRAINING STREQUAL "instrumented")
    set(into "")
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      set(into =${CMAKE_BINARY_DIR}/training/${target})
    else()
      target_compile_options(${target} PRIVATE -frandom-seed=${target})  # else the time is in the counts
    endif()
    target_compile_options(${target} PRIVATE -fprofile-generate${into} -fprofile-update=atomic)
    target_link_options(${target} PRIVATE -fprofile-generate${into})
  elseif(SAFECOST_TRAINING STREQUAL "trained")
    set(from "")
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      set(from =training/${target}.profdata)
    endif()
    target_compile_options(${target} PRIVATE -fprofile-use${from})
    set_source_files_properties(${sources} PROPERTIES OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/training/${target}.sha256)
  endif()
endfunction()

if(sanitized)
  safecost_sanitizer_host()
endif()
foreach(name ${cases})
  if(NOT sources_cc_${name})
    continue()
  endif()
  string(REPLACE "/" "." target ${name})
  get_filename_component(family ${name} DIRECTORY)
  get_filename_component(case ${name} NAME)
  add_library(${target} MODULE ${sources_cc_${name}} $<TARGET_OBJECTS:table> ${wait_at_random})
  safecost_compile(${target})
  safecost_train(${target} "${sources_cc_${name}}")
  target_compile_definitions(${target} PRIVATE SAFECOST_NAME="${name}")
  target_link_options(${target} PRIVATE ${link})
  if(sanitized)
    add_dependencies(${target} safecost-oracle)
  endif()
  if(libraries_${name})
    safecost_case_libraries(${target} ${libraries_${name}})
  endif()
  if(abseil)
    target_compile_definitions(${target} PRIVATE SAFECOST_ABSEIL=1 $<$<BOOL:${abseil_thread_local}>:SAFECOST_ABSEIL_THREAD_LOCAL=1>)
    target_link_libraries(${target} PRIVATE ${abseil})
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${case} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${family}
    LINK_DEPENDS ${SAFECOST_ROOT}/src/kernel/plugin.map)
endforeach()
