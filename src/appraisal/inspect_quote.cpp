#include "appraisal/inspect_quote.h"

#include "appraisal/quote_files.h"
#include "appraisal/quote_text.h"
#include "tpm/keys.h"
#include "tpm/quote.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

json::Value selection_json(const tpm::PcrSelectionList& selection) {
    json::Object out;
    for (const tpm::PcrSelection& one : selection) {
        json::Array pcrs;
        for (unsigned pcr = 0; pcr < tpm::pcr_count; ++pcr)
            if (one.has(pcr))
                pcrs.emplace_back(pcr);
        out[std::string(crypto::to_string(one.bank))] = std::move(pcrs);
    }
    return json::Value(std::move(out));
}

json::Value quote_json(const tpm::QuoteAttest& attest) {
    return json::object({{"extra_data", to_hex(attest.extra_data)},
                         {"qualified_signer", to_hex(attest.qualified_signer)},
                         {"clock", std::to_string(attest.clock.clock)},
                         {"reset_count", attest.clock.reset_count},
                         {"restart_count", attest.clock.restart_count},
                         {"safe", attest.clock.safe},
                         {"firmware_version", to_hex(Writer().big(attest.firmware_version).done())},
                         {"pcrs", selection_json(attest.selection)},
                         {"pcr_digest", to_hex(attest.pcr_digest)}});
}

bool signs_its_tpms_word_only(const tpm::PublicArea& area) {
    namespace attribute = tpm::attribute;
    constexpr std::uint32_t needed = attribute::restricted | attribute::sign | attribute::fixed_tpm |
                                     attribute::fixed_parent | attribute::sensitive_data_origin;
    return (area.attributes & (needed | attribute::decrypt)) == needed;
}

/// The files without the texts around them.
struct Parts {
    Buffer attest;
    Buffer signature;
    Buffer ak;
    std::optional<Buffer> pcrs;
};

Result<void> read_parts(const QuoteFiles& files, Parts& parts) {
    VS_TRY(auto keylime, keylime_quote(files.attest));
    if (keylime) {
        parts.attest = std::move(keylime->attest);
        parts.signature = std::move(keylime->signature);
        parts.pcrs = std::move(keylime->pcrs);
    } else {
        VS_TRY(parts.attest, quote_bytes(files.attest));
    }
    if (!files.signature.empty()) {
        VS_TRY(parts.signature, quote_bytes(files.signature));
    }
    parts.ak = to_buffer(files.ak);
    if (!as_text(files.ak).starts_with("-----BEGIN")) {
        VS_TRY(parts.ak, quote_bytes(files.ak));
    }
    return {};
}

json::Value check_json(std::string_view name, bool passed, std::string detail) {
    return json::object({{"name", name}, {"passed", passed}, {"detail", std::move(detail)}});
}

InspectReport refused(const Error& error) {
    return {.verdict = Verdict::malformed,
            .json = json::object({{"verified", false},
                                  {"checks", json::array({check_json(error.where, false, error.detail)})},
                                  {"notes", json::array({})},
                                  {"quote", json::Value()}})};
}

tpm::Scheme scheme_of(const tpm::PublicArea& area) {
    return std::visit([](const auto& any) { return any.scheme; }, area.key);
}

/// What is not in a bare signature: the scheme of the AK where its public area is there; else the hash, which
/// is that of the PCR digest [TPM 2.0 Part 3, TPM2_Quote] and so as long, and of RSA the scheme that
/// verifies.
tpm::Signature
with_scheme(tpm::Signature bare, const SigningKey& key, const tpm::QuoteAttest& attest, Bytes bytes) {
    if (key.area) {
        const tpm::Scheme scheme = scheme_of(*key.area);
        const bool rsa = scheme.algorithm == tpm::AlgId::rsassa || scheme.algorithm == tpm::AlgId::rsapss;
        if (rsa == std::holds_alternative<tpm::RsaSignature>(bare.value) &&
            (rsa || scheme.algorithm == tpm::AlgId::ecdsa)) {
            bare.scheme = scheme.algorithm;
            bare.hash = scheme.hash;
            return bare;
        }
    }
    for (const auto hash : {crypto::HashAlg::sha256, crypto::HashAlg::sha384, crypto::HashAlg::sha512})
        if (crypto::digest_size(hash) == attest.pcr_digest.size())
            bare.hash = tpm::to_alg_id(hash);
    if (std::holds_alternative<tpm::RsaSignature>(bare.value)) {
        tpm::Signature pss = bare;
        pss.scheme = tpm::AlgId::rsapss;
        if (tpm::verify_signature(key.key, pss, bytes))
            return pss;
    }
    return bare;
}

std::string scheme_text(const tpm::Signature& signature) {
    const auto hash = tpm::to_hash(signature.hash);
    const std::string_view scheme = signature.scheme == tpm::AlgId::rsassa   ? "RSASSA"
                                    : signature.scheme == tpm::AlgId::rsapss ? "RSAPSS"
                                                                             : "ECDSA";
    return std::string(scheme) + " with " +
           (hash ? std::string(crypto::to_string(*hash)) : "an unknown hash");
}

class Inspector {
public:
    explicit Inspector(const QuoteFiles& files) : files_(files) {}

    InspectReport inspect() {
        if (const auto read = check(); !read)
            refuse(Verdict::malformed, read.error());
        return {.verdict = verdict_,
                .json = json::object({{"verified", verdict_ == Verdict::fine},
                                      {"checks", std::move(checks_)},
                                      {"notes", std::move(notes_)},
                                      {"quote", std::move(quote_)}})};
    }

private:
    void add(std::string_view name, bool passed, std::string detail) {
        checks_.push_back(check_json(name, passed, std::move(detail)));
    }

    void note(std::string text) { notes_.emplace_back(std::move(text)); }

    void refuse(Verdict verdict, const Error& error) {
        verdict_ = verdict;
        add(error.where, false, error.detail);
    }

    /// A check that was made: its error where it failed, else `name` and what held.
    void judge(std::string_view name, const Result<void>& result, std::string held) {
        if (result)
            add(name, true, std::move(held));
        else
            refuse(Verdict::does_not_verify, result.error());
    }

    void check_key(const SigningKey& key, const tpm::Signature& signature) {
        if (!key.area) {
            note("the AK is a bare public key: whether it signs only what its TPM made is not known");
            return;
        }
        judge(
            "quote.ak",
            signs_its_tpms_word_only(*key.area)
                ? Result<void>()
                : fail(Errc::untrusted, "quote.ak", "no restricted signing key that its TPM made and keeps"),
            "a restricted signing key that its TPM made and keeps");
        const tpm::Scheme scheme = scheme_of(*key.area);
        judge("quote.scheme",
              signature.scheme == scheme.algorithm && signature.hash == scheme.hash
                  ? Result<void>()
                  : fail(Errc::untrusted, "quote.scheme", "signed by another scheme than the AK's"),
              "the scheme of the AK");
        if (const auto ak = tpm::AttestationKey::from(*key.area); !ak)
            note("a host could not enrol with this AK: " + ak.error().where + ": " + ak.error().detail);
    }

    void check_signer(const SigningKey& key, const tpm::QuoteAttest& attest) {
        if (!key.area)
            return;
        if (attest.qualified_signer == tpm::qualified_name_under_endorsement(*key.area))
            add("quote.qualified_signer", true, "this AK, a primary key of the endorsement hierarchy");
        else
            note("the signer's qualified name is not that of this AK as a primary key of the "
                 "endorsement hierarchy; with another parent it cannot be checked");
    }

    void check_nonce(const tpm::QuoteAttest& attest) {
        if (!files_.nonce)
            note("no nonce was given: the quote may be an old one");
        else
            judge("quote.qualifying_data",
                  same_bytes(attest.extra_data, *files_.nonce)
                      ? Result<void>()
                      : fail(Errc::untrusted, "quote.qualifying_data", "extraData is not the nonce"),
                  "extraData is the nonce");
    }

    void check_selection(const tpm::QuoteAttest& attest) {
        std::size_t selected = 0;
        for (const tpm::PcrSelection& one : attest.selection)
            for (unsigned pcr = 0; pcr < tpm::pcr_count; ++pcr)
                selected += one.has(pcr) ? 1U : 0U;
        judge("quote.selection",
              selected != 0
                  ? Result<void>()
                  : fail(Errc::untrusted, "quote.selection", "it is of no PCR: it says nothing of any boot"),
              "PCRs: " + std::to_string(selected));
    }

    Result<void> check_pcrs(const tpm::QuoteAttest& attest, const tpm::Signature& signature) {
        if (!files_.pcrs) {
            note("no PCR values were given: what their digest stands for is not known");
            return {};
        }
        VS_TRY(const tpm::PcrValues values, read_pcr_values(*files_.pcrs, attest.selection));
        const auto hash = tpm::to_hash(signature.hash);
        if (!hash)
            return fail(Errc::unsupported, "signature.hash");
        const auto digest = tpm::pcr_digest(*hash, attest.selection, values);
        if (!digest) {
            refuse(Verdict::does_not_verify, digest.error());
            return {};
        }
        add("quote.pcr_values", true, "every selected PCR has a value");
        judge("quote.pcr_digest",
              same_bytes(*digest, attest.pcr_digest)
                  ? Result<void>()
                  : fail(Errc::untrusted, "quote.pcr_digest", "the PCR values are not the quoted ones"),
              "the PCR values are the quoted ones");
        return {};
    }

    Result<void> check() {
        VS_TRY(const SigningKey key, read_signing_key(files_.ak));
        VS_TRY(SignatureFile file, read_signature(files_.signature, key.key));
        const Bytes bytes = read_attest(files_.attest);
        const auto attest = tpm::parse_quote_attest(bytes);
        if (!attest && attest.error().code != Errc::untrusted)
            return std::unexpected(attest.error());
        if (file.bare) {
            if (attest)
                file.signature = with_scheme(std::move(file.signature), key, *attest, bytes);
            note("the signature file does not say its scheme: taken as " + scheme_text(file.signature));
        }
        check_key(key, file.signature);
        judge("quote.signature",
              tpm::verify_signature(key.key, file.signature, bytes),
              "the AK signed these bytes");
        if (!attest) {
            refuse(Verdict::does_not_verify, attest.error());
            return {};
        }
        quote_ = quote_json(*attest);
        add("attest.magic", true, "made by a TPM");
        add("attest.type", true, "a quote");
        check_signer(key, *attest);
        check_nonce(*attest);
        check_selection(*attest);
        return check_pcrs(*attest, file.signature);
    }

    const QuoteFiles& files_;
    Verdict verdict_ = Verdict::fine;
    json::Array checks_;
    json::Array notes_;
    json::Value quote_;
};

} // namespace

InspectReport inspect_quote(const QuoteFiles& files) {
    Parts parts;
    if (const auto read = read_parts(files, parts); !read)
        return refused(read.error());
    QuoteFiles plain{.attest = parts.attest,
                     .signature = parts.signature,
                     .ak = parts.ak,
                     .nonce = files.nonce,
                     .pcrs = files.pcrs};
    if (!plain.pcrs && parts.pcrs)
        plain.pcrs = *parts.pcrs;
    return Inspector(plain).inspect();
}

} // namespace vouchsafe::appraisal
