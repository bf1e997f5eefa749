// Where the Key Provider Service asks the Attestation Service: is the host still what it attested?
#pragma once

#include "attestation/service.h"
#include "keyprovider/freshness.h"

namespace vouchsafe::authority {

class AttestedQuotes final : public keyprovider::QuoteVerifier {
public:
    /// The service outlives it.
    explicit AttestedQuotes(attestation::AttestationService& service) : service_(service) {}

    Result<void> verify(const keyprovider::QuoteQuestion& question) override {
        return service_.release_quote({.quote = question.quote,
                                       .nonce = question.nonce,
                                       .about = question.about,
                                       .token = question.token,
                                       .state = question.state,
                                       .now = question.now});
    }

private:
    attestation::AttestationService& service_;
};

} // namespace vouchsafe::authority
