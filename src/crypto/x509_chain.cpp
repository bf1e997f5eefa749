// Certification paths [RFC 5280 §6]. libcrypto checks signatures, names and name constraints; the path is
// found and judged here, because its own verifier cannot take EK certificates (a key of RSAES-OAEP stops it
// with an internal error) and takes the time of day by itself.
//
// Not looked at: revocation, certificate policies (every policy is acceptable to us).
#include "crypto/ca_set.h"
#include "crypto/x509.h"
#include "crypto/x509_impl.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace vouchsafe::crypto {

namespace {

constexpr std::size_t longest_path = 8; // certificates, leaf and anchor included
constexpr std::size_t most_intermediates = 16;
constexpr std::size_t most_signatures = 64; // verified in one search, whatever the peer sends

using Path = std::vector<Certificate>;

bool contains(std::span<const Certificate> certificates, const Certificate& one) {
    return std::ranges::find(certificates, one) != certificates.end();
}

bool names_as_issuer(const Certificate& issuer, const Certificate& subject) {
    const X509_NAME* const wanted = X509_get_issuer_name(&handle(subject));
    return X509_NAME_cmp(X509_get_subject_name(&handle(issuer)), wanted) == 0;
}

bool is_acceptable_hash(int hash, Purpose purpose) {
    switch (hash) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
        return true;
    case NID_sha1: // makers signed EK certificates with it until about 2018; a forger would need a second
                   // preimage
        return purpose == Purpose::ek;
    default:
        return false;
    }
}

bool is_acceptable_algorithm(const Certificate& certificate, Purpose purpose) {
    int hash = NID_undef;
    int key = NID_undef;
    if (!ok(X509_get_signature_info(&handle(certificate), &hash, &key, nullptr, nullptr)))
        return false;
    const bool known_key =
        key == NID_rsaEncryption || key == NID_rsassaPss || key == NID_X9_62_id_ecPublicKey;
    return known_key && is_acceptable_hash(hash, purpose);
}

/// The certificate names the issuer's key by its identifier. A hint that orders the search, never a reason to
/// refuse: makers of TPMs get it wrong, and the signature decides.
bool points_to(const Certificate& subject, const Certificate& issuer) {
    const ASN1_OCTET_STRING* const wanted = X509_get0_authority_key_id(&handle(subject));
    const ASN1_OCTET_STRING* const has = X509_get0_subject_key_id(&handle(issuer));
    return wanted != nullptr && has != nullptr && ASN1_OCTET_STRING_cmp(wanted, has) == 0;
}

bool is_signed_by(const Certificate& issuer, const Certificate& subject) {
    if (!issuer.public_key()) // refuses weak and unknown keys
        return false;
    EVP_PKEY* const key = X509_get0_pubkey(&handle(issuer));
    return ok(key != nullptr ? X509_verify(&handle(subject), key) : 0);
}

std::unexpected<Error> refuse(std::string_view where, const Certificate& about, std::string_view why) {
    const std::string name = about.subject().empty() ? "the certificate" : about.subject();
    return fail(Errc::untrusted, where, name + " " + std::string(why));
}

Result<void> check_time(const Path& path, SysTime now, Expiry expiry) {
    for (const Certificate& certificate : path) {
        if (now < certificate.not_before())
            return refuse("x509.expired", certificate, "is not yet valid");
        if (now > certificate.not_after() && expiry == Expiry::refused)
            return refuse("x509.expired", certificate, "has expired");
    }
    return {};
}

Result<void> check_extensions(const Path& path) {
    for (const Certificate& certificate : path) {
        const std::uint32_t flags = X509_get_extension_flags(&handle(certificate));
        if ((flags & EXFLAG_CRITICAL) != 0)
            return refuse("x509.extension", certificate, "has a critical extension that is not known here");
        if ((flags & (EXFLAG_INVALID | EXFLAG_PROXY)) != 0)
            return refuse("x509.extension", certificate, "has extensions that do not parse");
    }
    return {};
}

using OwnedNameConstraints = Owned<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>;

Result<void> check_name_constraints(const Path& path, std::size_t position) {
    int found = 0;
    const OwnedNameConstraints constraints(static_cast<NAME_CONSTRAINTS*>(
        X509_get_ext_d2i(&handle(path[position]), NID_name_constraints, &found, nullptr)));
    forget_errors();
    if (constraints == nullptr)
        return {}; // one that does not parse was refused with the other extensions
    for (std::size_t below = 0; below < position; ++below)
        if (NAME_CONSTRAINTS_check(&handle(path[below]), constraints.get()) != X509_V_OK)
            return refuse("x509.issuer", path[below], "has a name that its issuer may not certify");
    return {};
}

Result<void> check_issuers(const Path& path) {
    long cas_below = 0; // self-issued ones do not count [RFC 5280 §6.1.4]
    for (std::size_t position = 1; position < path.size(); ++position) {
        const Certificate& issuer = path[position];
        if (!issuer.is_ca())
            return refuse("x509.issuer", issuer, "is not a CA");
        const long most_below = X509_get_pathlen(&handle(issuer));
        if (most_below >= 0 && cas_below > most_below)
            return refuse("x509.issuer", issuer, "may not have so long a path below it");
        VS_TRY_VOID(check_name_constraints(path, position));
        if (!issuer.is_self_issued())
            ++cas_below;
    }
    return {};
}

bool names(const std::vector<std::string>& usage, std::string_view oid) {
    return std::ranges::find(usage, oid) != usage.end();
}

Result<void> check_ek(const Certificate& leaf, const std::optional<std::vector<std::string>>& usage) {
    if (leaf.is_ca())
        return refuse("x509.purpose", leaf, "is a CA, not an endorsement key");
    if (!usage || !names(*usage, "2.23.133.8.1"))
        return refuse("x509.purpose", leaf, "is not marked as an EK certificate");
    constexpr std::uint32_t for_secrets = KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT | KU_DATA_ENCIPHERMENT;
    if ((X509_get_key_usage(&handle(leaf)) & for_secrets) == 0)
        return refuse("x509.purpose", leaf, "has a key usage that no endorsement key has");
    return {};
}

Result<void>
check_tls(const Path& path, const std::optional<std::vector<std::string>>& usage, Purpose purpose) {
    const Certificate& leaf = path.front();
    if (leaf.is_ca() && path.size() > 1)
        return refuse("x509.purpose", leaf, "is a CA");
    const std::string_view wanted =
        purpose == Purpose::tls_server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2";
    constexpr std::string_view any_usage = "2.5.29.37.0";
    if (usage && !names(*usage, wanted) && !names(*usage, any_usage))
        return refuse("x509.purpose", leaf, "is for another purpose");
    return {};
}

Result<void> check_purpose(const Path& path, Purpose purpose) {
    const Certificate& leaf = path.front();
    if (const auto key = leaf.public_key(); !key)
        return refuse("x509.purpose", leaf, "has a key that is refused (" + key.error().where + ")");
    VS_TRY(const auto usage, extended_key_usage(handle(leaf)));
    switch (purpose) {
    case Purpose::ek:
        return check_ek(leaf, usage);
    case Purpose::tls_server:
    case Purpose::tls_client:
        return check_tls(path, usage, purpose);
    }
    check_failed("a known Purpose", __FILE__, __LINE__);
}

/// What both kinds of request ask.
struct Question {
    const Certificate& leaf;
    std::span<const Certificate> intermediates;
    std::span<const Certificate> anchors;
    const CaSet* cas; ///< nullptr: none
    SysTime now;
    Purpose purpose;
    Expiry expiry;
};

Result<void> judge(const Path& path, const Question& request) {
    VS_TRY_VOID(check_time(path, request.now, request.expiry));
    VS_TRY_VOID(check_issuers(path));
    VS_TRY_VOID(check_extensions(path));
    return check_purpose(path, request.purpose);
}

/// A certificate that may be the next on a path, the more promising first: anchors end the search, and many
/// CAs may have one name (every swtpm has one of its own), so the one that is pointed to comes before the
/// others could use up the signatures.
struct Candidate {
    bool is_intermediate;
    bool is_pointed_to;
    const Certificate* certificate;

    int rank() const { return (is_intermediate ? 2 : 0) + (is_pointed_to ? 0 : 1); }
};

/// Depth first from the leaf to any anchor, until a path passes the judgement: where a CA has several
/// certificates, one that has expired must not hide the one that has not.
class Search {
public:
    explicit Search(const Question& request) : request_(request), path_{request.leaf} {}

    Result<Path> run() {
        const bool pinned = request_.purpose != Purpose::ek && contains(request_.anchors, request_.leaf);
        if ((pinned && is_good()) || extend())
            return std::move(path_);
        return std::unexpected(std::move(reason_));
    }

private:
    bool extend() {
        if (path_.size() == longest_path)
            return false;
        return std::ranges::any_of(candidates(),
                                   [this](const Candidate& candidate) { return extend_by(candidate); });
    }

    std::vector<Candidate> candidates() const {
        const Certificate& last = path_.back();
        std::vector<Candidate> out;
        const auto consider = [&](const Certificate& one, CaRole role) {
            if (names_as_issuer(one, last))
                out.push_back({.is_intermediate = role == CaRole::intermediate,
                               .is_pointed_to = points_to(last, one),
                               .certificate = &one});
        };
        for (const Certificate& anchor : request_.anchors)
            consider(anchor, CaRole::anchor);
        const std::size_t count = std::min(request_.intermediates.size(), most_intermediates);
        for (const Certificate& intermediate : request_.intermediates.first(count))
            consider(intermediate, CaRole::intermediate);
        if (request_.cas != nullptr)
            for (const CaSet::Member* const member : request_.cas->issuers_of(last))
                consider(member->certificate, member->role);
        std::ranges::stable_sort(out, {}, &Candidate::rank);
        return out;
    }

    bool extend_by(const Candidate& candidate) {
        const Certificate& next = *candidate.certificate;
        if (contains(path_, next) || !step_to(next))
            return false;
        if (candidate.is_intermediate ? extend() : is_good())
            return true;
        path_.pop_back();
        return false;
    }

    bool step_to(const Certificate& issuer) {
        const Certificate& last = path_.back();
        if (!is_acceptable_algorithm(last, request_.purpose) || signatures_left_ == 0)
            return false;
        --signatures_left_;
        if (!is_signed_by(issuer, last)) {
            name_refused_key(issuer);
            return false;
        }
        path_.push_back(issuer);
        return true;
    }

    /// Without this a CA that is there, but of a kind of key that is not taken, would seem to be missing.
    void name_refused_key(const Certificate& issuer) {
        if (const auto key = issuer.public_key(); !key && reason_.where == "x509.path")
            reason_ =
                refuse("x509.path", issuer, "has a key that is refused (" + key.error().where + ")").error();
    }

    /// The path ends in an anchor; the reason why it is refused is kept.
    bool is_good() {
        const auto judged = judge(path_, request_);
        if (!judged)
            reason_ = judged.error();
        return judged.has_value();
    }

    const Question& request_;
    Path path_;
    std::size_t signatures_left_ = most_signatures;
    Error reason_{.code = Errc::untrusted, .where = "x509.path", .detail = "no path to a trusted CA"};
};

} // namespace

bool is_issued_by(const Certificate& certificate, const Certificate& issuer) {
    return names_as_issuer(issuer, certificate) && is_signed_by(issuer, certificate);
}

Result<std::vector<Certificate>> verify_chain(const ChainRequest& request) {
    return Search({.leaf = request.leaf,
                   .intermediates = request.intermediates,
                   .anchors = request.anchors,
                   .cas = nullptr,
                   .now = request.now,
                   .purpose = request.purpose,
                   .expiry = Expiry::refused})
        .run();
}

Result<std::vector<Certificate>> verify_ek_chain(const EkChainRequest& request) {
    return Search({.leaf = request.leaf,
                   .intermediates = request.intermediates,
                   .anchors = {},
                   .cas = &request.cas,
                   .now = request.now,
                   .purpose = Purpose::ek,
                   .expiry = request.expiry})
        .run();
}

} // namespace vouchsafe::crypto
