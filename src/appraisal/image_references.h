// References of an image that is computed, each with a digest for every bank. For this library's own use.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/pe_image.h"
#include "appraisal/platform.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {

class References {
public:
    explicit References(std::span<const Algorithm> banks) : banks_(banks) {}

    /// What is extended, and what it stands for: without digests.
    void add_bytes(Reference reference, Bytes measured);
    /// PCR 4, as firmware and shim measure what they load.
    void add_program(const PeImage& program, std::string description);
    /// PCR 7.
    void add_secure_boot(const SecureBootEvent& event);

    /// All of them, each PCR's together, as images have them.
    std::vector<Reference> done();

private:
    using Digest = std::function<Buffer(Algorithm)>;

    void add(Reference reference, const Digest& digest);

    std::span<const Algorithm> banks_;
    std::vector<Reference> all_;
};

/// PCR 7 of a boot in which the firmware starts the program.
Result<void> add_platform(const Platform& platform, const PeImage& program, References& references);

/// An image of the facts with these references, if it is valid.
Result<BaseImage> image_with(const ImageFacts& facts, std::vector<Reference> references);

/// `untrusted` at "secure_boot.off" where Secure Boot is off and the facts do not relax that.
Result<void> check_secure_boot(const Platform& platform, const ImageFacts& facts);

} // namespace vouchsafe::appraisal
