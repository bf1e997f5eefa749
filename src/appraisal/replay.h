// Replay: the PCR values that a log leads to.
#pragma once

#include "appraisal/pcrs.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "eventlog/firmware.h"
#include "eventlog/ima.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

/// H(value ‖ digest). The algorithm must be one that can be computed (see can_hash).
Buffer extend(Algorithm bank, Bytes value, Bytes digest);
bool can_hash(Algorithm algorithm);
Buffer hash(Algorithm algorithm, Bytes bytes);
crypto::HashAlg hash_algorithm(Algorithm algorithm); ///< of one that can be computed
/// Where a PCR starts: zeros; PCR 0 ends in the startup locality; 17 to 22 are ones, until a dynamic launch.
Buffer start_value(Algorithm bank, std::uint32_t pcr, std::uint8_t startup_locality);

/// Values of the PCRs that the log touches in this bank. An event without a digest of the bank leaves it as
/// it is, as the TPM does (see event_without). `unsupported` for a bank that cannot be computed.
Result<PcrBank> replay_firmware(const eventlog::FirmwareLog& log, Algorithm bank);

/// The first event that extends something but not this bank; nullptr when all extend it.
const eventlog::Event* event_without(const eventlog::FirmwareLog& log, Algorithm bank);

/// Whether the event's data is what was measured: H(data) is the digest, in every bank that can be computed.
bool data_is_measured(const eventlog::Event& event);
/// The part of the data that was measured, where it is a known form: the whole, grub's text after its
/// prefix, or systemd-stub's section name. Empty when no form hashes to the digests.
std::optional<Buffer> measured_data(const eventlog::Event& event);

/// How the kernel extends a bank other than SHA-1.
enum class ImaForm : std::uint8_t {
    hashed,          ///< with the bank's own hash of the template data
    padded_sha1,     ///< with the SHA-1 template digest and zeros: the kernel lacks the bank's hash
    padded_sha1_old, ///< the same, and violations as 20 ones and zeros: kernels before 5.8
};

std::string_view to_string(ImaForm form);

/// A list whose every template digest is the hash of its entry's data; violations have none. The list must
/// outlive it.
class TrueImaList {
public:
    const eventlog::ImaList& list() const { return list_; }

    Algorithm template_hash() const { return template_hash_; }

private:
    friend Result<TrueImaList> check_template_digests(const eventlog::ImaList& list);

    TrueImaList(const eventlog::ImaList& list, Algorithm hash) : list_(list), template_hash_(hash) {}

    const eventlog::ImaList& list_;
    Algorithm template_hash_;
};

/// `untrusted` at "ima.template_digest" names the first entry whose digest is not the hash of its data. The
/// hash is the one of the digests' length that makes the first entry true.
Result<TrueImaList> check_template_digests(const eventlog::ImaList& list);

/// Values of the PCRs that the whole list touches, from where they start; the template digests are not
/// checked. `unsupported` for a bank that cannot be computed.
Result<PcrBank> replay_whole_ima(const eventlog::ImaList& list, Algorithm bank, ImaForm form);

struct ImaReplay {
    std::size_t entries = 0; ///< longest prefix of the list that leads to the values
    std::size_t start = 0;   ///< the one of the starts that it leads from
    ImaForm form = ImaForm::hashed;
};

struct ImaTarget {
    Algorithm bank{};
    PcrBank quoted; ///< of the PCRs that entries count for; those of other PCRs lead nowhere
    /// Values before the first entry, of which one set is right; none: as the bank starts, as do PCRs that a
    /// set lacks.
    std::vector<PcrBank> starts = {};
};

/// The longest prefix of the list that leads each of the target's PCRs to its quoted value, all at once, from
/// one of the starts and in the first form that leads there. `untrusted` at "ima.replay" where no prefix
/// does.
Result<ImaReplay> replay_ima(const TrueImaList& list, const ImaTarget& target);

/// The first entry is boot_aggregate and its digest is the hash over PCRs 0-9, or 0-7, of the bank that it
/// names, which must be quoted. `untrusted` at "ima.boot_aggregate" otherwise.
Result<void> check_boot_aggregate(const eventlog::ImaList& list, const QuotedPcrs& quoted);

} // namespace vouchsafe::appraisal
