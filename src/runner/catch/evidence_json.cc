#include "runner/catch/evidence_json.h"

#include <dlfcn.h>
#include <signal.h>

#include <filesystem>

#include "fmt/format.h"

namespace safecost {

namespace {

using nlohmann::json;

template <class Enum, std::size_t N>
const char* name_of(Enum value, const char* const (&names)[N]) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : "unknown";
}

const char* stage_name(memory::Stage stage) {
  return name_of(stage,
                 {"start", "warm", "generate", "prepare", "reset", "run", "digest", "release"});
}

std::string signal_name(int number) {
  const char* const name = sigabbrev_np(number);
  return name == nullptr ? fmt::format("signal {}", number) : fmt::format("SIG{}", name);
}

// Where code lies: in the plugin, or in the library of that name; offsets are those that tools print.
json code_json(std::uint64_t address, const void* inside) {
  Dl_info plugin = {}, found = {};
  const auto* const code =
      reinterpret_cast<const void*>(address);  // NOLINT(performance-no-int-to-ptr)
  if (address == 0 || dladdr(code, &found) == 0) return nullptr;
  const bool here = dladdr(inside, &plugin) != 0 && plugin.dli_fbase == found.dli_fbase;
  return {{"module", here ? "plugin" : std::filesystem::path(found.dli_fname).filename().string()},
          {"offset", address - reinterpret_cast<std::uintptr_t>(found.dli_fbase)}};
}

json stop_json(const Evidence& evidence, const void* inside) {
  json stop = {{"signal", signal_name(evidence.signal)}, {"code", evidence.code}};
  stop["pc"] = code_json(evidence.pc, inside);
  switch (evidence.signal) {
    case SIGSEGV:
    case SIGBUS:
      stop["place"] = place_json(evidence.place);
      stop["access"] = evidence.writes ? "write" : "read";
      // The address itself only where it says something: others are drawn anew for each process.
      stop["null"] = evidence.code != SI_KERNEL && evidence.address < 0x10000;
      break;
    case SIGILL:
    case SIGTRAP: {
      std::string bytes;
      for (const std::uint8_t byte : evidence.instruction) bytes += fmt::format("{:02x}", byte);
      stop["instruction"] = bytes;
      break;
    }
    case SIGABRT:
      stop["hook"] = name_of(evidence.hook, {"none", "abort", "stack_protector"});
      stop["callers"] = json::array();
      for (std::size_t i = 0; i < kMostCallers && evidence.callers[i] != 0; ++i)
        stop["callers"].push_back(code_json(evidence.callers[i], inside));
      stop["message"] = evidence.abort_message;
      break;
    default:
      break;
  }
  return stop;
}

const char* stop_name(std::uint32_t stop) {
  switch (stop) {
    case SAFECOST_STOP_ASSERTION:
      return "assertion";
    case SAFECOST_STOP_TRAP:
      return "trap";
    case SAFECOST_STOP_FORTIFY:
      return "fortify";
    case SAFECOST_STOP_EXCEPTION:
      return "exception";
    case SAFECOST_STOP_PANIC:
      return "panic";
    case SAFECOST_STOP_ERROR_VALUE:
      return "error_value";
    default:
      return "unknown";
  }
}

}  // namespace

json place_json(const memory::Place& place) {
  if (place.kind == memory::Place::Kind::none) return nullptr;
  return {{"kind", place.kind == memory::Place::Kind::stack ? "stack" : "block"},
          {"freed", place.freed},
          {"made", stage_name(place.stage)},
          {"size", place.size},
          {"offset", place.offset}};
}

std::string hexadecimal(std::uint64_t value) { return fmt::format("{:016x}", value); }

json evidence_json(const Observation& observation, const void* inside) {
  const Evidence& evidence = observation.evidence;
  json told = {{"end", name_of(evidence.end, {"left", "returned", "stopped", "hung", "not_made"})},
               {"stage", stage_name(evidence.stage)}};
  if (evidence.end == End::returned) {
    told["result"] = hexadecimal(evidence.result);
    told["digest"] = hexadecimal(evidence.digest);
  }
  if (evidence.report_stop != 0)
    told["report"] = {{"stop", stop_name(evidence.report_stop)}, {"text", evidence.report_text}};
  if (evidence.end == End::stopped) told["stop"] = stop_json(evidence, inside);
  if (evidence.end == End::none) {
    told["exit_code"] = observation.exit_code;
    if (evidence.signal != 0) told["signal"] = signal_name(evidence.signal);
  }
  if (evidence.damage.bytes != 0)
    told["damage"] = {{"bytes", evidence.damage.bytes},
                      {"first", place_json(evidence.damage.first)}};
  if (evidence.double_frees + evidence.bad_frees != 0)
    told["frees"] = {{"double", evidence.double_frees},
                     {"bad", evidence.bad_frees},
                     {"first", place_json(evidence.first_bad_free)}};
  if (evidence.leaked != 0)
    told["leak"] = {{"blocks", evidence.leaked},
                    {"bytes", evidence.leaked_bytes},
                    {"first", place_json(evidence.first_leak)}};
  if (evidence.exhausted) told["exhausted"] = true;
  if (observation.flush != memory::Flush::all)
    told["aligned"] = observation.flush == memory::Flush::none ? "all" : "objects";
  if (!observation.said.empty()) told["said"] = observation.said;
  return told;
}

}  // namespace safecost
