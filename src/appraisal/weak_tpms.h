// TPMs whose makers, or others, published a fault: by maker and firmware version, from a dated list that is
// part of the program, and by the keys themselves. Its form is in docs/formats.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

/// TPM_PT_FIRMWARE_VERSION_1 and _2, as quotes hold them: four numbers of 16 bits. Makers use as many of them
/// as they like: "7.61" is the first two.
using TpmVersion = std::array<std::uint16_t, 4>;

TpmVersion tpm_version(std::uint64_t firmware);
std::string version_text(const TpmVersion& version); ///< "7.61.4555.0"

struct VersionRange {
    std::vector<std::uint16_t> from; ///< 1 to 4 numbers
    std::vector<std::uint16_t> to;   ///< inclusive: "5.61" covers 5.61.9.9

    bool contains(const TpmVersion& version) const;
};

struct TpmFault {
    std::string title;                   ///< for people
    std::vector<std::string> advisories; ///< CVE numbers and makers' own
    std::string manufacturer;            ///< as crypto::manufacturer_name gives it: "IFX"
    std::vector<VersionRange> firmware;
};

struct WeakTpms {
    std::string date; ///< of the list: "2026-11-26"
    std::vector<TpmFault> faults;

    /// Of the TPM by this maker with this firmware; nothing where no list names it.
    std::vector<const TpmFault*> faults_of(std::string_view manufacturer, const TpmVersion& version) const;
};

/// Where: "weak_tpms", "weak_tpms.*". At most 64 KiB, 1000 faults, 100 ranges each.
Result<WeakTpms> parse_weak_tpms(std::string_view text);

/// The list that this program was built with.
std::string_view shipped_weak_tpms();
const WeakTpms& weak_tpms();

/// Whether an RSA modulus (big-endian) is of the form that the faulty library of CVE-2017-15361 makes: modulo
/// each of 38 small primes it is a power of 65537. Of other keys one in 2^27 is, and is refused with them.
bool has_roca_fingerprint(Bytes modulus);

} // namespace vouchsafe::appraisal
