# Oracles beside the prover's worlds: what a sanitizer's build needs beyond a profile's flags.
#
# The host that calls its plugins is built along with them, since sanitizers must be in the program itself and not
# only in what it loads. Sets `sanitizer_gap` to why there can be no host here, or to nothing.

set(sanitizer_gap "")
foreach(package absl fmt nlohmann_json)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    set(sanitizer_gap "no ${package} is installed that the sanitizers' host could use")
  endif()
endforeach()

# Shared, as the runtimes below are: Debian's archives cannot be linked to those.
set(sanitized_abseil absl::strings absl::statusor absl::span absl::raw_hash_set absl::hash)

# Shared runtimes, so that operator new and throw are the sanitizers'; what is undefined is found in the host.
set(link -Wl,--version-script=${SAFECOST_ROOT}/src/kernel/plugin.map -Wl,-z,now)

# A race hides where one thread is done before the other begins: each waits at random before it takes a lock.
if("${PROFILE_FLAGS}" MATCHES "-fsanitize=thread")
  set(wait_at_random ${SAFECOST_ROOT}/src/runner/catch/wait_at_random.cc)
  list(APPEND link -Wl,--wrap=pthread_mutex_lock)
endif()

function(safecost_sanitizer_host)
  set(runner ${SAFECOST_ROOT}/src/runner)
  add_executable(safecost-oracle
    ${runner}/catch/evidence_json.cc ${runner}/catch/oracle.cc ${runner}/catch/oracle_main.cc ${runner}/catch/plan.cc
    ${runner}/catch/program.cc ${runner}/catch/sightings.cc ${runner}/fields.cc ${runner}/platform.cc
    ${runner}/plugin.cc ${runner}/protocol.cc ${runner}/reap.cc
    ${runner}/workers.cc)
  target_include_directories(safecost-oracle PRIVATE ${SAFECOST_ROOT}/src)
  target_compile_options(safecost-oracle PRIVATE ${warnings} -Wno-missing-field-initializers)
  target_link_libraries(safecost-oracle PRIVATE
    absl::status absl::statusor fmt::fmt nlohmann_json::nlohmann_json ${CMAKE_DL_LIBS})
endfunction()
