// tss2's C interface in values that free themselves, and its return codes as errors. Private to tpmdev.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "tpmdev/patient_tcti.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::tpmdev {

struct FreeEsys {
    void operator()(void* memory) const { Esys_Free(memory); }
};

/// Memory that Esys allocated for an answer.
template <class T> using Answer = std::unique_ptr<T, FreeEsys>;

/// Whose password or state a command depends on, in the words of its error; `none`: of no hierarchy's.
enum class Hierarchy : std::uint8_t { none, endorsement, owner };

/// Nothing for TSS2_RC_SUCCESS, else the error that a person can act on. `where` names the operation.
Result<void> check(TSS2_RC rc, std::string_view where, Hierarchy hierarchy = Hierarchy::none);

/// A connection to one TPM.
class Esys {
public:
    static Result<Esys> open(const std::string& tcti);

    ESYS_CONTEXT* get() const { return esys_.get(); }

private:
    struct FreeTcti {
        void operator()(TSS2_TCTI_CONTEXT* tcti) const { Tss2_TctiLdr_Finalize(&tcti); }
    };

    struct FreeContext {
        void operator()(ESYS_CONTEXT* esys) const { Esys_Finalize(&esys); }
    };

    std::unique_ptr<TSS2_TCTI_CONTEXT, FreeTcti> tcti_; // each outlives the next
    std::unique_ptr<PatientTcti> patient_;
    std::unique_ptr<ESYS_CONTEXT, FreeContext> esys_;
};

/// An object or session that is in the TPM for as long as this lives, or a name for one that stays there
/// (persistent keys, NV indices). It must not outlive its connection.
class Loaded {
public:
    enum class Lifetime : std::uint8_t { flush, stays };

    Loaded() = default;

    Loaded(ESYS_CONTEXT* esys, ESYS_TR handle, Lifetime lifetime)
        : esys_(esys), handle_(handle), lifetime_(lifetime) {}

    Loaded(Loaded&& other) noexcept
        : esys_(other.esys_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)),
          lifetime_(other.lifetime_) {}

    Loaded& operator=(Loaded&& other) noexcept {
        std::swap(esys_, other.esys_);
        std::swap(handle_, other.handle_);
        std::swap(lifetime_, other.lifetime_);
        return *this;
    }

    Loaded(const Loaded&) = delete;
    Loaded& operator=(const Loaded&) = delete;

    ~Loaded() {
        if (handle_ == ESYS_TR_NONE)
            return;
        if (lifetime_ == Lifetime::flush)
            Esys_FlushContext(esys_, handle_);
        else
            Esys_TR_Close(esys_, &handle_);
    }

    explicit operator bool() const { return handle_ != ESYS_TR_NONE; }

    ESYS_TR handle() const { return handle_; }

private:
    ESYS_CONTEXT* esys_ = nullptr;
    ESYS_TR handle_ = ESYS_TR_NONE;
    Lifetime lifetime_ = Lifetime::stays;
};

} // namespace vouchsafe::tpmdev
