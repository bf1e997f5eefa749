// Whether what is measured really checks: evidence with one thing spoiled must be refused for that reason.
#pragma once

#include "bench/load_fleet.h"
#include "json/value.h"

#include <string>
#include <vector>

namespace vouchsafe::bench {

struct Control {
    std::string spoiled; ///< signature, nonce, PCR, log digest, reference value
    std::string refused; ///< the code of the refusal; empty: the host was trusted all the same
    bool as_expected = false;
};

json::Value to_json(const std::vector<Control>& controls);

/// Sends five spoiled evidences of one host. Figures of a run count only where each is as expected.
std::vector<Control> run_controls(Fleet& fleet);

} // namespace vouchsafe::bench
