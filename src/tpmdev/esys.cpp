#include "tpmdev/esys.h"

#include <tss2/tss2_rc.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace vouchsafe::tpmdev {

namespace {

// The resource managers give the TPM's own codes under layers of theirs.
constexpr TSS2_RC resource_manager_tpm_layer = TSS2_RESMGR_TPM_RC_LAYER;

bool is_from_tpm(TSS2_RC rc) {
    const TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;
    return layer == TSS2_TPM_RC_LAYER || layer == resource_manager_tpm_layer;
}

// A code of the TPM without layer, and without the number of the handle, session or parameter that it is
// about.
TPM2_RC base_code(TSS2_RC rc) {
    const TPM2_RC code = rc & ~TSS2_RC_LAYER_MASK;
    constexpr TPM2_RC format_one = 0x080;
    constexpr TPM2_RC error_bits = 0x03F;
    return (code & format_one) != 0 ? (code & (format_one | error_bits)) : code;
}

struct Meaning {
    TPM2_RC code;
    Errc errc;
    std::string_view hint;
};

constexpr std::string_view wrong_password = "wrong authorisation value";
constexpr std::string_view disabled = "the hierarchy is disabled";

constexpr Meaning meanings[] = {
    {TPM2_RC_LOCKOUT,
     Errc::unavailable,
     "the TPM is locked after wrong passwords; wait, or clear the lockout with tpm2_dictionarylockout"},
    // These only after they were repeated for a while, see PatientTcti.
    {TPM2_RC_RETRY, Errc::unavailable, "the TPM is busy; try again"},
    {TPM2_RC_YIELDED, Errc::unavailable, "the TPM is busy; try again"},
    {TPM2_RC_CANCELED, Errc::unavailable, "the TPM is busy; try again"},
    {TPM2_RC_TESTING, Errc::unavailable, "the TPM is testing itself; try again"},
    {TPM2_RC_NV_RATE, Errc::unavailable, "the TPM slows down writing; try again"},
    {TPM2_RC_INITIALIZE, Errc::unavailable, "nobody started the TPM (TPM2_Startup)"},
    {TPM2_RC_FAILURE, Errc::unavailable, "the TPM is in failure mode; power the machine off and on"},
    {TPM2_RC_OBJECT_MEMORY,
     Errc::unavailable,
     "the TPM has no room for another key; use /dev/tpmrm0, or flush what others left (tpm2_flushcontext)"},
    {TPM2_RC_SESSION_MEMORY,
     Errc::unavailable,
     "the TPM has no room for another session; use /dev/tpmrm0, or flush what others left "
     "(tpm2_flushcontext)"},
    {TPM2_RC_OBJECT_HANDLES, Errc::unavailable, "the TPM has no room for another key"},
    {TPM2_RC_SESSION_HANDLES, Errc::unavailable, "the TPM has no room for another session"},
    {TPM2_RC_AUTH_FAIL, Errc::denied, wrong_password},
    {TPM2_RC_BAD_AUTH, Errc::denied, wrong_password},
    {TPM2_RC_HIERARCHY, Errc::denied, disabled},
    {TPM2_RC_HANDLE, Errc::not_found, "nothing at this handle"},
    {TPM2_RC_INTEGRITY, Errc::untrusted, "made for another key or another TPM"},
};

/// What a resource manager says of its own limits: it gives the TPM's codes under its own layer.
std::optional<std::string> hint_of_resource_manager(TSS2_RC rc) {
    if ((rc & TSS2_RC_LAYER_MASK) != TSS2_RESMGR_RC_LAYER)
        return std::nullopt;
    switch (base_code(rc)) {
    case TPM2_RC_OBJECT_MEMORY:
    case TPM2_RC_OBJECT_HANDLES:
        return "the resource manager has no room for another key; let it have more (tpm2-abrmd "
               "--max-transients)";
    case TPM2_RC_SESSION_MEMORY:
    case TPM2_RC_SESSION_HANDLES:
        return "the resource manager has no room for another session; let it have more (tpm2-abrmd "
               "--max-sessions)";
    default:
        return std::nullopt;
    }
}

/// The same about one hierarchy, with what an administrator would do.
std::string hint_of(const Meaning& meaning, Hierarchy hierarchy) {
    if (hierarchy == Hierarchy::none || (meaning.hint != wrong_password && meaning.hint != disabled))
        return std::string(meaning.hint);
    const std::string name = hierarchy == Hierarchy::endorsement ? "endorsement" : "owner";
    if (meaning.hint == wrong_password)
        return "the " + name + " hierarchy has a password; take it away (tpm2_changeauth -c " + name +
               " -p PASSWORD)";
    return "the " + name +
           " hierarchy is disabled; enable it in the machine's firmware setup, or restart the machine if "
           "tpm2_hierarchycontrol disabled it";
}

Error error_of(TSS2_RC rc, std::string_view where, Hierarchy hierarchy) {
    const std::string text = Tss2_RC_Decode(rc);
    if (is_from_tpm(rc))
        for (const Meaning& meaning : meanings)
            if (base_code(rc) == meaning.code)
                return {meaning.errc, std::string(where), hint_of(meaning, hierarchy) + " (" + text + ")"};
    if (const auto hint = hint_of_resource_manager(rc))
        return {Errc::unavailable, std::string(where), *hint + " (" + text + ")"};
    if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER)
        return {Errc::unavailable,
                std::string(where),
                "the TPM does not answer: another process uses it, or its resource manager is away (" + text +
                    ")"};
    return {is_from_tpm(rc) ? Errc::unsupported : Errc::unavailable, std::string(where), text};
}

// tss2 writes to stderr by itself, also where an error is expected (looking for a key); it asks its
// environment once. Whoever wants its log sets TSS2_LOG.
void silence_tss() {
    static std::once_flag once;
    std::call_once(once, [] { ::setenv("TSS2_LOG", "all+none", 0); });
}

} // namespace

Result<void> check(TSS2_RC rc, std::string_view where, Hierarchy hierarchy) {
    if (rc != TSS2_RC_SUCCESS)
        return std::unexpected(error_of(rc, where, hierarchy));
    return {};
}

Result<Esys> Esys::open(const std::string& tcti) {
    silence_tss();
    Esys out;
    TSS2_TCTI_CONTEXT* raw_tcti = nullptr;
    if (const TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti.c_str(), &raw_tcti); rc != TSS2_RC_SUCCESS)
        return fail(
            Errc::unavailable,
            "tpmdev.open",
            "no TPM by \"" + tcti +
                "\": absent, not permitted, used by another process, or behind a resource manager that is "
                "away or has no room for another connection (" +
                std::string(Tss2_RC_Decode(rc)) + ")");
    out.tcti_.reset(raw_tcti);
    ESYS_CONTEXT* raw_esys = nullptr;
    out.patient_ = std::make_unique<PatientTcti>(
        raw_tcti, [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); });
    VS_TRY_VOID(check(Esys_Initialize(&raw_esys, out.patient_->context(), nullptr), "tpmdev.open"));
    out.esys_.reset(raw_esys);
    return out;
}

} // namespace vouchsafe::tpmdev
