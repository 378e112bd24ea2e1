// Evidence as JSON: what happened in plain words and numbers, with nothing in it that differs from process to process.
#ifndef SAFECOST_RUNNER_CATCH_EVIDENCE_JSON_H
#define SAFECOST_RUNNER_CATCH_EVIDENCE_JSON_H

#include <cstdint>
#include <string>

#include "nlohmann/json.hpp"
#include "runner/catch/witness.h"

namespace safecost {

std::string hexadecimal(std::uint64_t value);

nlohmann::json place_json(const memory::Place& place);

// `inside` is any address of the plugin: code there is told apart from that of libraries.
nlohmann::json evidence_json(const Observation& observation, const void* inside);

}  // namespace safecost

#endif
