// Enrolments: which machines are hosts, and what the authority observes of them meanwhile.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "json/value.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::inventory {

/// "h-" and the first 32 hex digits of SHA-256("vouchsafe/host/1" ‖ the EK digest's 32 bytes). The digest is
/// hex; `malformed` when it is not 64 lower-case digits.
Result<HostId> host_id_from_ek(std::string_view ek_digest);

/// TPMS_CLOCK_INFO as far as it tells one TPM life from another.
struct Counters {
    std::uint32_t reset = 0;
    std::uint32_t restart = 0;
    std::uint64_t clock = 0; ///< milliseconds; at most 2^63-1 in a document

    json::Value to_json() const;
    static Result<Counters> from_json(const json::Value& value, std::string_view where = "counters");

    friend bool operator==(const Counters&, const Counters&) = default;
};

/// Whether `later` can follow `earlier` on one TPM that was neither cleared nor restored: compared as
/// (reset, restart, clock).
bool continues(const Counters& earlier, const Counters& later);

struct TpmModel {
    std::string manufacturer;
    std::string model;
    std::string firmware_version;

    friend bool operator==(const TpmModel&, const TpmModel&) = default;
};

struct FirmwarePin {
    std::string pcr0; ///< hex, in the enrolment's bank
    std::string pcr2;
    std::string version;

    json::Value to_json() const;
    static Result<FirmwarePin> from_json(const json::Value& value, std::string_view where = "firmware");

    friend bool operator==(const FirmwarePin&, const FirmwarePin&) = default;
};

enum class EnrolmentState : std::uint8_t { pending, approved, removed };

std::string_view to_string(EnrolmentState state);
Result<EnrolmentState> enrolment_state_from_text(std::string_view text);

struct Enrolment {
    HostId host;
    std::string label;
    std::string ek_digest; ///< hex SHA-256 of the EK's SubjectPublicKeyInfo
    Buffer ek_public;      ///< TPMT_PUBLIC
    std::optional<Buffer> ek_certificate;
    std::optional<std::string> ca;      ///< name of the CA that endorsed it
    bool lab = false;                   ///< that CA is one of software TPMs
    std::optional<std::string> ak_name; ///< hex
    std::optional<Buffer> ak_public;    ///< TPMT_PUBLIC
    TpmModel tpm;
    std::string bank = "sha256"; ///< the policy bank, fixed at approval
    std::optional<FirmwarePin> firmware;
    std::optional<Counters> counters; ///< at approval
    EnrolmentState state = EnrolmentState::pending;
    std::vector<std::string> groups;
    SysTime created;
    SysTime changed;

    json::Value to_json() const;
    static Result<Enrolment> from_json(const json::Value& value, std::string_view where = "enrolment");

    friend bool operator==(const Enrolment&, const Enrolment&) = default;
};

/// How far a list of measurements was appraised, so that the next one can go on from there.
struct LogPosition {
    Counters counters;
    std::string boot_id;
    std::int64_t count = 0;                    ///< entries
    std::map<std::string, std::string> values; ///< hex, of PCR 10 by bank; of others as "sha256:11"
    std::int64_t epoch = 0;                    ///< trust epoch of that appraisal
    std::string image;                         ///< version of the base image that the entries were judged by

    json::Value to_json() const;
    static Result<LogPosition> from_json(const json::Value& value, std::string_view where = "log_position");

    friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

/// Entries at the end of a log that no quote covers yet.
struct PendingEntries {
    std::int64_t count = 0; ///< entries of the whole log when they were first seen
    SysTime since;          ///< when that was

    json::Value to_json() const;
    static Result<PendingEntries> from_json(const json::Value& value,
                                            std::string_view where = "pending_entries");

    friend bool operator==(const PendingEntries&, const PendingEntries&) = default;
};

/// PCR values of one bank.
struct PcrValues {
    std::string bank;
    std::map<std::uint32_t, Buffer> values; ///< none of a bank that the TPM has and does not use

    friend bool operator==(const PcrValues&, const PcrValues&) = default;
};

/// What the last accepted quote showed: what the quote of a release is held against.
struct AcceptedQuote {
    std::string evidence_digest; ///< hex; as the key access token of that attestation names it
    Counters counters;
    std::string boot_id;
    std::string tpm_firmware;    ///< hex; firmwareVersion
    std::vector<PcrValues> pcrs; ///< of each bank, in the order of the selection

    json::Value to_json() const;
    static Result<AcceptedQuote> from_json(const json::Value& value,
                                           std::string_view where = "accepted_quote");

    friend bool operator==(const AcceptedQuote&, const AcceptedQuote&) = default;
};

/// What attestations leave behind: no trust decision, so no change record.
struct HostObservation {
    HostId host;
    std::optional<Counters> counters; ///< of the last accepted quote
    std::optional<std::string> boot_id;
    std::map<std::string, LogPosition> log_positions; ///< by log: "ima"
    std::optional<AcceptedQuote> accepted;            ///< of a trusted host
    std::optional<PendingEntries> ima_pending;        ///< since the first attestation that saw them
    std::optional<std::string> tpm_firmware;          ///< hex; firmwareVersion of the last quote
    std::optional<SysTime> last_attested;             ///< last time that the host was proven
    std::string state;                                ///< "trusted", "pending" or "refused"
    std::string tier;
    std::optional<std::string> base_image;   ///< version
    json::Array reasons;                     ///< as protocol::Reason writes them
    std::optional<FirmwarePin> firmware;     ///< as quoted last: what an approval would pin
    std::optional<std::string> firmware_set; ///< name of the set that has it, where the pin is another
    std::optional<std::string> ak_name; ///< hex; presented and activated last: what an approval would take
    std::optional<Buffer> ak_public;
    std::optional<std::string> reporting_token;

    json::Value to_json() const;
    static Result<HostObservation> from_json(const json::Value& value,
                                             std::string_view where = "observation");

    friend bool operator==(const HostObservation&, const HostObservation&) = default;
};

} // namespace vouchsafe::inventory
