# One build a profile, as the driver makes them: bench/ with that profile's compiler and flags.
include(ExternalProject)

set(SAFECOST_PROFILES "default" CACHE STRING "Profiles to build: names, 'default', 'all' or 'none'")
set(SAFECOST_CASES ${CMAKE_SOURCE_DIR}/bench CACHE STRING "Folders that hold <family>/<case>.cc")

file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/profiles/*.json)
foreach(file ${files})
  get_filename_component(name ${file} NAME_WLE)
  file(READ ${file} json)
  string(JSON by_default ERROR_VARIABLE absent GET "${json}" default)
  if(NOT (SAFECOST_PROFILES STREQUAL "all" OR name IN_LIST SAFECOST_PROFILES
          OR (SAFECOST_PROFILES STREQUAL "default" AND NOT absent)))
    continue()
  endif()
  ExternalProject_Add(${name}
    SOURCE_DIR ${CMAKE_SOURCE_DIR}/bench
    BINARY_DIR ${CMAKE_BINARY_DIR}/profiles/${name}
    PREFIX ${CMAKE_BINARY_DIR}/profiles/stamps/${name}
    CMAKE_ARGS -DSAFECOST_PROFILE=${file} -DSAFECOST_CASES=${SAFECOST_CASES} -DSAFECOST_WERROR=${SAFECOST_WERROR}
      -DSAFECOST_BUILD=${CMAKE_BINARY_DIR}
    # One job each, since the builds run side by side. The driver knows by its stamp what was built in a closed
    # environment; this one is the caller's.
    BUILD_COMMAND ${CMAKE_COMMAND} -E rm -f <BINARY_DIR>/configured-from
    COMMAND ${CMAKE_COMMAND} --build <BINARY_DIR> --parallel 1 -- -k 0
    BUILD_ALWAYS ON
    INSTALL_COMMAND "")
endforeach()
