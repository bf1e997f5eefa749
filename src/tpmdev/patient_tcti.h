// A connection to a TPM that asks again while the TPM says that it is busy. Private to tpmdev.
//
// A TPM may answer any command with a code that only asks for the same command later: it is testing itself,
// another one used it, it spares its memory. tss2 repeats some of them a few times at once, which a busy TPM
// does not notice; here they are repeated with growing pauses, for two seconds in all.
#pragma once

#include "base/bytes.h"

#include <tss2/tss2_tcti.h>

#include <chrono>
#include <functional>

namespace vouchsafe::tpmdev {

class PatientTcti {
public:
    using Wait = std::function<void(std::chrono::milliseconds)>;

    static constexpr std::chrono::milliseconds patience{2000}; ///< the pauses of one command, together
    static constexpr std::chrono::milliseconds longest_pause{250};

    /// `inner` outlives this; `wait` sleeps.
    PatientTcti(TSS2_TCTI_CONTEXT* inner, Wait wait);

    PatientTcti(const PatientTcti&) = delete;
    PatientTcti& operator=(const PatientTcti&) = delete;

    /// For Esys_Initialize; finalizing it does nothing.
    TSS2_TCTI_CONTEXT* context();

private:
    /// What tss2 sees: its table of functions, and the way back here.
    struct Shell {
        TSS2_TCTI_CONTEXT_COMMON_V2 common;
        PatientTcti* self;
    };

    static PatientTcti& self_of(TSS2_TCTI_CONTEXT* context);
    static TSS2_RC transmit(TSS2_TCTI_CONTEXT* context, std::size_t size, const std::uint8_t* command);
    static TSS2_RC
    receive(TSS2_TCTI_CONTEXT* context, std::size_t* size, std::uint8_t* response, std::int32_t timeout);
    static void finalize(TSS2_TCTI_CONTEXT* context);
    static TSS2_RC cancel(TSS2_TCTI_CONTEXT* context);
    static TSS2_RC
    poll_handles(TSS2_TCTI_CONTEXT* context, TSS2_TCTI_POLL_HANDLE* handles, std::size_t* count);
    static TSS2_RC set_locality(TSS2_TCTI_CONTEXT* context, std::uint8_t locality);
    static TSS2_RC make_sticky(TSS2_TCTI_CONTEXT* context, TPM2_HANDLE* handle, std::uint8_t sticky);

    const TSS2_TCTI_CONTEXT_COMMON_V1& functions() const;
    TSS2_RC send(Bytes command);
    TSS2_RC fetch(std::int32_t timeout);

    TSS2_TCTI_CONTEXT* inner_;
    Wait wait_;
    Shell shell_{};
    Buffer command_;  ///< the last one
    Buffer response_; ///< to it; empty until it came
    std::chrono::milliseconds waited_{0};
};

} // namespace vouchsafe::tpmdev
