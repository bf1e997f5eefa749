// Boots that were recorded a moment ago, each judged by the Attestation Service against what another one
// showed.
//
// usage: e2e_real_boots RECORDS ROWS
//
// RECORDS/NAME is what tools/lab/guest recorded of a boot: logs and PCR values of the TPM that measured it.
// ROWS has lines "NAME REFERENCE OUTCOME NAMES": the boot REFERENCE is the approved image and its firmware
// the approved one; OUTCOME is "trusted" or the code of the first reason; NAMES is what the reasons must say,
// "_" a space, "-" nothing. The quote over the values is made here, by a TPM in memory: the machine that
// booted has gone.
#include "appraisal/boot.h"
#include "tests/support/attestation_house.h"
#include "tests/support/boot_record.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <utility>

namespace {

using namespace vouchsafe;
using namespace vouchsafe::test;

struct Row {
    std::string name;
    std::string reference;
    std::string outcome;
    std::string names;
};

/// A host that was approved as it booted the reference.
struct ApprovedHost {
    explicit ApprovedHost(const RecordedBoot& reference) : house(reference, secure_boot_of(reference)) {
        machine.boot_into(reference);
        house.enrol(machine);
        VS_CHECK(house.must_attest(machine).outcome == protocol::Outcome::trusted);
    }

    static appraisal::SecureBootRule secure_boot_of(const RecordedBoot& boot) {
        const auto log = eventlog::parse_firmware_log(boot.firmware_log);
        return log && appraisal::secure_boot_on(*log) ? appraisal::SecureBootRule::required
                                                      : appraisal::SecureBootRule::unsafe_not_required;
    }

    attestation::EvidenceReply attest(const RecordedBoot& boot) {
        machine.restart();
        machine.boot_into(boot);
        return house.attest(machine);
    }

    AttestationHouse house;
    AttestedMachine machine;
};

std::string said(const protocol::EvidenceAnswer& answer) {
    std::string out;
    for (const protocol::Reason& reason : answer.reasons) {
        out += "\n    " + reason.code + ": " + reason.message + " (" + reason.hint + ")";
        if (reason.event)
            out += "\n      event " + std::to_string(reason.event->index) + ", PCR " +
                   std::to_string(reason.event->pcr) + ", " + reason.event->type + ": " +
                   reason.event->description;
    }
    return out;
}

/// The code, and the words for people.
std::pair<std::string, std::string> outcome_of(const attestation::EvidenceReply& reply) {
    if (!reply.answer) // what the authority knows; the host hears "refused"
        return {reply.cause->where, "\n    " + reply.cause->detail};
    if (reply.answer->outcome == protocol::Outcome::trusted)
        return {"trusted", ""};
    if (reply.answer->reasons.empty())
        return {"no reason", ""};
    return {reply.answer->reasons.front().code, said(*reply.answer)};
}

bool is_as_expected(const Row& row, const attestation::EvidenceReply& reply) {
    const auto [outcome, reasons] = outcome_of(reply);
    std::string names = row.names == "-" ? "" : row.names;
    std::ranges::replace(names, '_', ' ');
    const bool good = outcome == row.outcome && reasons.contains(names);
    std::printf("%s%s against %s: %s%s\n",
                good ? "" : "not as expected: ",
                row.name.c_str(),
                row.reference.c_str(),
                outcome.c_str(),
                reasons.c_str());
    std::fflush(stdout);
    return good;
}

} // namespace

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    if (arguments.size() != 3)
        return 2;
    const std::filesystem::path records = arguments[1];
    std::map<std::string, ApprovedHost> hosts;
    std::ifstream rows(arguments[2]);
    int judged = 0;
    int status = 0;
    for (std::string line; std::getline(rows, line); ++judged) {
        Row row;
        std::istringstream(line) >> row.name >> row.reference >> row.outcome >> row.names;
        const auto host = hosts.try_emplace(row.reference, load_record(records / row.reference)).first;
        if (!is_as_expected(row, host->second.attest(load_record(records / row.name))))
            status = 1;
    }
    return judged > 0 ? status : 1;
}
