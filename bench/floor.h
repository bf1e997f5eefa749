// The floor: what the same steps cost in programs of a few lines that do nothing else, built and run here so
// that both sides are measured on one machine at one time. Their sources are not part of this project.
#pragma once

#include "base/bytes.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::bench {

/// Where its sources are unless somebody says otherwise.
std::string default_floor();

/// Microseconds of CPU by the name of the step; each figure is the median of all samples taken so far.
class Floor {
public:
    /// Nothing where `sources` does not hold them: attest_budget.cpp, tls_cost.cpp, ima_limit.cpp,
    /// mk_inputs.sh. Builds them in `work` and makes their inputs of `firmware_log` with a software TPM.
    static std::optional<Floor>
    prepare(const std::string& sources, const std::string& work, Bytes firmware_log);

    /// Some seconds; to be called by turns with what is compared.
    void sample();
    /// Microseconds for each entry of a list in the kernel's text.
    double ima_entry(const std::string& text) const;

    double attestation() const { return at("SUM repeat attestation"); } ///< of a known host, no transport

    double release() const { return at("SUM key release"); } ///< by a local primary key, no transport

    double warm_exchange() const { return at("warm exchange"); } ///< TLS: 48,000 bytes in, 1,200 out

    double full_handshake() const { return at("server auth only"); } ///< the server's side

    double resumed_handshake() const { return at("server auth, resumed"); }

private:
    explicit Floor(std::string work) : work_(std::move(work)) {}

    double at(const std::string& name) const;
    void take(const std::string& output, const std::vector<std::string>& names);

    std::string work_;
    std::map<std::string, std::vector<double>> samples_;
};

} // namespace vouchsafe::bench
