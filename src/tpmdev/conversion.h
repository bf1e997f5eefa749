// Between our values and tss2's structures. Private to tpmdev.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "tpm/pcr.h"
#include "tpm/public_area.h"
#include "tpmdev/tpm_device.h"

#include <tss2/tss2_tpm2_types.h>

#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace vouchsafe::tpmdev {

Result<TPM2B_PUBLIC> to_public(const tpm::PublicArea& area);
Result<tpm::PublicArea> to_public_area(const TPMT_PUBLIC& area);
Result<Buffer> to_bytes(const TPMT_SIGNATURE& signature);
Result<TPM2B_ID_OBJECT> to_id_object(Bytes blob);
Result<TPM2B_ENCRYPTED_SECRET> to_encrypted_secret(Bytes secret);
Result<TPM2B_DATA> to_data(Bytes bytes);
Result<TPML_DIGEST_VALUES> to_digest_values(const std::vector<std::pair<crypto::HashAlg, Buffer>>& digests);

TPML_PCR_SELECTION to_selection(const tpm::PcrSelectionList& selection);
/// Banks of algorithms that we do not know are left out.
tpm::PcrSelectionList to_selection(const TPML_PCR_SELECTION& selection);

/// Moves one answer of TPM2_PCR_Read into `out`, and takes what it had off `rest`.
Result<void> take_values(const tpm::PcrSelectionList& read,
                         const TPML_DIGEST& values,
                         tpm::PcrSelectionList& rest,
                         tpm::PcrValues& out);

/// Maker, model and firmware version out of the TPM's fixed properties.
void describe_properties(const TPML_TAGGED_TPM_PROPERTY& properties, TpmFacts& facts);

/// The 64 bytes that make a primary key one's own: x and y, or the first bytes of an RSA `unique`.
void set_unique(TPMT_PUBLIC& area, const Secret& unique);

/// Copies a secret into a TPM2B's size and buffer; one that does not fit ends the process.
void copy_secret(const Secret& secret, std::uint16_t& size, std::span<std::uint8_t> buffer);

template <class T>
    requires std::is_trivially_copyable_v<T>
void wipe_value(T& value) {
    wipe({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
}

} // namespace vouchsafe::tpmdev
