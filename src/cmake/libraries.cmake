# The harness's libraries: the installed ones; a pinned and hash-checked release only where SAFECOST_DOWNLOAD allows it.
include(FetchContent)
set(FETCHCONTENT_QUIET ON)
set(ABSL_PROPAGATE_CXX_STD ON)
set(BENCHMARK_ENABLE_TESTING OFF)
set(BENCHMARK_ENABLE_INSTALL OFF)
set(JSON_BuildTests OFF)
set(INSTALL_GTEST OFF)

FetchContent_Declare(benchmark
  URL https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
  URL_HASH SHA256=6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7
  FIND_PACKAGE_ARGS NAMES benchmark)
FetchContent_Declare(absl
  URL https://github.com/abseil/abseil-cpp/archive/refs/tags/20220623.1.tar.gz
  URL_HASH SHA256=91ac87d30cc6d79f9ab974c51874a704de9c2647c40f6932597329a282217ba8
  FIND_PACKAGE_ARGS NAMES absl)
FetchContent_Declare(fmt
  URL https://github.com/fmtlib/fmt/archive/refs/tags/9.1.0.tar.gz
  URL_HASH SHA256=5dea48d1fcddc3ec571ce2058e13910a0d4a6bab4cc09a809d8b1dd1c88ae6f2
  FIND_PACKAGE_ARGS NAMES fmt)
FetchContent_Declare(nlohmann_json
  URL https://github.com/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz
  URL_HASH SHA256=d69f9deb6a75e2580465c6c4c5111b89c4dc2fa94e3a85fcd2ffcd9a143d9273
  FIND_PACKAGE_ARGS NAMES nlohmann_json)
FetchContent_Declare(googletest
  URL https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz
  URL_HASH SHA256=81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2
  FIND_PACKAGE_ARGS NAMES GTest)

# safecost_libraries(NAME...): makes them available. Sets `missing` to those that are neither installed nor to be downloaded.
macro(safecost_libraries) # no function: what is found has variables, too
  set(missing "")
  foreach(name ${ARGN})
    if(NOT SAFECOST_DOWNLOAD)
      string(REPLACE "googletest" "GTest" package ${name})
      find_package(${package} QUIET)
      if(NOT ${package}_FOUND)
        list(APPEND missing ${package})
        continue()
      endif()
    endif()
    FetchContent_MakeAvailable(${name})
  endforeach()
endmacro()

safecost_libraries(benchmark absl fmt nlohmann_json)
if(missing)
  list(JOIN missing ", " missing)
  message(FATAL_ERROR "Not installed: ${missing}. Install the packages that scripts/packages.txt marks with need, "
                      "or allow pinned releases to be downloaded: -DSAFECOST_DOWNLOAD=ON")
endif()
