#include "tpmdev/patient_tcti.h"

#include "base/reader.h"

#include <tss2/tss2_tpm2_types.h>

#include <algorithm>
#include <utility>

namespace vouchsafe::tpmdev {

namespace {

constexpr std::size_t header_size = 10; // tag, size, code

/// Whether the answer asks for nothing but the same command later.
bool asks_for_patience(Bytes response) {
    if (response.size() < header_size)
        return false;
    Reader in(response.subspan(6));
    constexpr std::uint32_t layers = 0xFFFF'0000;
    switch (in.big<std::uint32_t>("code").value() & ~layers) {
    case TPM2_RC_RETRY:
    case TPM2_RC_YIELDED:
    case TPM2_RC_TESTING:
    case TPM2_RC_NV_RATE:
    case TPM2_RC_CANCELED:
        return true;
    default:
        return false;
    }
}

} // namespace

PatientTcti::PatientTcti(TSS2_TCTI_CONTEXT* inner, Wait wait) : inner_(inner), wait_(std::move(wait)) {
    TSS2_TCTI_CONTEXT_COMMON_V1& common = shell_.common.v1;
    common.magic = 0x564F'5543'4853'4146; // tss2 wants some
    common.version = 2;
    common.transmit = transmit;
    common.receive = receive;
    common.finalize = finalize;
    common.cancel = cancel;
    common.getPollHandles = poll_handles;
    common.setLocality = set_locality;
    shell_.common.makeSticky = make_sticky;
    shell_.self = this;
}

TSS2_TCTI_CONTEXT* PatientTcti::context() {
    return reinterpret_cast<TSS2_TCTI_CONTEXT*>(&shell_);
}

PatientTcti& PatientTcti::self_of(TSS2_TCTI_CONTEXT* context) {
    return *reinterpret_cast<Shell*>(context)->self;
}

const TSS2_TCTI_CONTEXT_COMMON_V1& PatientTcti::functions() const {
    return *reinterpret_cast<const TSS2_TCTI_CONTEXT_COMMON_V1*>(inner_);
}

TSS2_RC PatientTcti::transmit(TSS2_TCTI_CONTEXT* context, std::size_t size, const std::uint8_t* command) {
    if (context == nullptr || command == nullptr)
        return TSS2_TCTI_RC_BAD_REFERENCE;
    return self_of(context).send({command, size});
}

TSS2_RC PatientTcti::send(Bytes command) {
    // tss2 sends some commands again by itself: that is no new command, and its time is over.
    const bool again = std::ranges::equal(command, command_);
    if (!again)
        command_ = to_buffer(command);
    if (!again || waited_ < patience)
        waited_ = std::chrono::milliseconds(0);
    response_.clear();
    return functions().transmit(inner_, command_.size(), command_.data());
}

TSS2_RC PatientTcti::fetch(std::int32_t timeout) {
    std::chrono::milliseconds pause{1};
    while (true) {
        Buffer response(TPM2_MAX_RESPONSE_SIZE);
        std::size_t size = response.size();
        if (const TSS2_RC rc = functions().receive(inner_, &size, response.data(), timeout);
            rc != TSS2_RC_SUCCESS)
            return rc;
        response.resize(std::min(size, response.size()));
        if (!asks_for_patience(response) || waited_ >= patience) {
            response_ = std::move(response);
            return TSS2_RC_SUCCESS;
        }
        wait_(pause);
        waited_ += pause;
        pause = std::min(pause * 2, longest_pause);
        if (const TSS2_RC rc = functions().transmit(inner_, command_.size(), command_.data());
            rc != TSS2_RC_SUCCESS)
            return rc;
    }
}

TSS2_RC PatientTcti::receive(TSS2_TCTI_CONTEXT* context,
                             std::size_t* size,
                             std::uint8_t* response,
                             std::int32_t timeout) {
    if (context == nullptr || size == nullptr)
        return TSS2_TCTI_RC_BAD_REFERENCE;
    PatientTcti& self = self_of(context);
    if (self.response_.empty())
        if (const TSS2_RC rc = self.fetch(timeout); rc != TSS2_RC_SUCCESS)
            return rc;
    const bool fits = response != nullptr && *size >= self.response_.size();
    *size = self.response_.size();
    if (response == nullptr) // asks for the size alone
        return TSS2_RC_SUCCESS;
    if (!fits)
        return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
    std::ranges::copy(self.response_, response);
    self.response_.clear();
    return TSS2_RC_SUCCESS;
}

void PatientTcti::finalize(TSS2_TCTI_CONTEXT*) {}

TSS2_RC PatientTcti::cancel(TSS2_TCTI_CONTEXT* context) {
    const PatientTcti& self = self_of(context);
    return self.functions().cancel(self.inner_);
}

TSS2_RC
PatientTcti::poll_handles(TSS2_TCTI_CONTEXT* context, TSS2_TCTI_POLL_HANDLE* handles, std::size_t* count) {
    const PatientTcti& self = self_of(context);
    if (self.functions().getPollHandles == nullptr)
        return TSS2_TCTI_RC_NOT_IMPLEMENTED;
    return self.functions().getPollHandles(self.inner_, handles, count);
}

TSS2_RC PatientTcti::set_locality(TSS2_TCTI_CONTEXT* context, std::uint8_t locality) {
    const PatientTcti& self = self_of(context);
    return self.functions().setLocality(self.inner_, locality);
}

TSS2_RC PatientTcti::make_sticky(TSS2_TCTI_CONTEXT*, TPM2_HANDLE*, std::uint8_t) {
    return TSS2_TCTI_RC_NOT_IMPLEMENTED; // nobody here asks for it
}

} // namespace vouchsafe::tpmdev
