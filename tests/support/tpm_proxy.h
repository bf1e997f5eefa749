// A way to a real TPM on a unix socket that a test can spoil: TPMs that lack something, or are busy.
#pragma once

#include "base/bytes.h"

#include <functional>
#include <string>
#include <thread>

namespace vouchsafe::test {

class TpmProxy {
public:
    using Ask = std::function<Buffer(Bytes command)>; ///< sends to the TPM, answers its response

    /// `answer` is called from a thread of the proxy's own, one command at a time. `socket` is the TPM's.
    TpmProxy(std::string socket, std::function<Buffer(Bytes command, const Ask& tpm)> answer);

    TpmProxy(const TpmProxy&) = delete;
    TpmProxy& operator=(const TpmProxy&) = delete;
    ~TpmProxy();

    const std::string& tcti() const { return tcti_; }

    /// A response of nothing but this code [TPM 2.0 part 3, 5.2].
    static Buffer refusal(std::uint32_t code);
    static std::uint32_t command_code(Bytes command);

private:
    void serve();

    std::string socket_;
    std::function<Buffer(Bytes command, const Ask& tpm)> answer_;
    std::string folder_;
    std::string tcti_;
    int listening_ = -1;
    int ended_[2] = {-1, -1}; ///< a pipe that is closed when the proxy ends
    std::thread thread_;
};

} // namespace vouchsafe::test
