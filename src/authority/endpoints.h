// What an authority host serves: attestation and release for hosts, claim and invoke for its managers.
#pragma once

#include "attestation/service.h"
#include "audit/sink.h"
#include "authority/administration.h"
#include "authority/claim.h"
#include "keyprovider/release.h"
#include "net/https_server.h"
#include "net/workers.h"

#include <functional>
#include <string_view>

namespace vouchsafe::authority {

struct Endpoints {
    attestation::AttestationService& attestation;
    keyprovider::ReleaseService& release;
    audit::AuditSink& audit;
    Administration& administration;
    Claim& claim;
    /// Why a stranger was refused: for the log of this host alone.
    std::function<void(std::string_view what, const Error& cause)> log;
};

/// Both for net::HttpsServer.
struct Serving {
    net::Handler handler;
    std::function<void()> after_round;
};

/// The endpoints outlive it.
Serving serve(Endpoints endpoints, net::WorkerPool& pool);

/// The largest body of each path.
std::size_t body_limit(net::Method method, std::string_view target);

} // namespace vouchsafe::authority
