# Plugins of a Rust profile: the twin of each case, linked with the Rust side of the border.
project(safecost_plugins LANGUAGES NONE)

execute_process(COMMAND ${compiler} -vV OUTPUT_VARIABLE description ERROR_VARIABLE trouble RESULT_VARIABLE failed)
string(REGEX MATCH "release: ([^\n]*)" match "${description}")
set(release "${CMAKE_MATCH_1}")
string(REGEX MATCH "LLVM version: ([^\n]*)" match "${description}")
set(llvm "${CMAKE_MATCH_1}")
if(failed OR release VERSION_LESS 1.82)
  safecost_status(absent "rustc ${release} is too old or does not run; the twins need 1.82 ${trouble}" "rustc ${release}" "")
  return()
endif()
safecost_status(present "" "rustc ${release} (LLVM ${llvm})" "")

set(common --edition=2021 -Cdebuginfo=line-tables-only
    -Cllvm-args=-align-all-functions=6 -Cllvm-args=-align-loops=64   # as for C++: placement is noise
    --remap-path-prefix=${SAFECOST_ROOT}=.)
foreach(folder ${SAFECOST_CASES})
  list(APPEND common --remap-path-prefix=${folder}=.)
endforeach()
if(SAFECOST_WERROR)
  list(APPEND common -Dwarnings)
endif()

# The unwinder is static too. rustc links the shared one by name, so a linker script of that name, found first,
# leads to the archives; where the C compiler has none, the shared one stays.
set(unwinder "")
foreach(library libgcc_eh.a libgcc.a)
  execute_process(COMMAND cc -print-file-name=${library} OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE
                  ERROR_QUIET)
  if(IS_ABSOLUTE "${path}" AND EXISTS "${path}")
    list(APPEND unwinder ${path})
  endif()
endforeach()
list(LENGTH unwinder found)
set(link "")
if(found EQUAL 2)
  list(JOIN unwinder " " unwinder)
  file(WRITE ${CMAKE_BINARY_DIR}/static/libgcc_s.so "GROUP ( ${unwinder} )\n")
  set(link -Lnative=${CMAKE_BINARY_DIR}/static)
endif()
# Links as rustc would, and keeps the objects, so that the driver can link them again in other layouts.
set(keep_link ${SAFECOST_ROOT}/src/cmake/keep_link)
list(APPEND link -Clinker=${keep_link})
set(environment ${CMAKE_COMMAND} -E env SAFECOST_RUSTC_VERSION=rustc\ ${release} SAFECOST_RUSTC_LLVM=${llvm})

set(sugar ${CMAKE_BINARY_DIR}/libsafecost.rlib)
file(GLOB sugar_sources CONFIGURE_DEPENDS ${SAFECOST_ROOT}/src/kernel/*.rs)
add_custom_command(OUTPUT ${sugar}
  COMMAND ${environment} ${compiler} --crate-type=rlib --crate-name=safecost ${common} ${PROFILE_FLAGS}
          -o ${sugar} ${SAFECOST_ROOT}/src/kernel/safecost.rs
  DEPENDS ${sugar_sources} ${SAFECOST_PROFILE}
  COMMENT "Rust side of the border" VERBATIM)

foreach(name ${cases})
  if(NOT sources_rs_${name})
    continue()
  endif()
  string(REPLACE "/" "." target ${name})
  # Of a folder's files the one of its name is the crate; the others are modules of it.
  get_filename_component(crate ${name} NAME)
  set(source ${sources_rs_${name}})
  list(LENGTH source files)
  if(files GREATER 1)
    list(FILTER source INCLUDE REGEX "/${crate}\\.rs$")
  endif()
  set(plugin ${CMAKE_BINARY_DIR}/${name}.so)
  get_filename_component(folder ${plugin} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${plugin}
    COMMAND ${environment} SAFECOST_NAME=${name} ${compiler} --crate-type=cdylib --crate-name=${crate}
            --extern safecost=${sugar} ${common} ${link} ${PROFILE_FLAGS} -o ${plugin} ${source}
    DEPENDS ${sources_rs_${name}} ${sugar} ${SAFECOST_PROFILE} ${keep_link}
    COMMENT "${name}" VERBATIM)
  add_custom_target(${target} ALL DEPENDS ${plugin})
endforeach()
