#include "appraisal/ima_judge.h"

#include "appraisal/ima_signature.h"
#include "appraisal/replay.h"
#include "crypto/x509.h"
#include "eventlog/firmware.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

using eventlog::ImaEntry;
using eventlog::ImaFile;

/// What was wrong with an entry.
struct Fault {
    std::string code;
    std::string message;
    std::string hint;
};

constexpr std::string_view approve_file =
    "Approve a base image that has this file, or remove it from the host.";

class Judge {
public:
    explicit Judge(const ImaQuestion& question)
        : question_(question), rule_(*question.image.ima), signers_(rule_.keys) {}

    std::vector<Reason> judge() {
        std::size_t index = question_.begin;
        for (const ImaEntry& entry : question_.list.entries)
            judge(entry, index++);
        if (refused_ > most_refused)
            reasons_.push_back({.code = "ima.more",
                                .message = std::to_string(refused_ - most_refused) +
                                           " more entries of the IMA list are not approved",
                                .event = {},
                                .expected = {},
                                .hint = "Approve a base image of what this host runs."});
        return std::move(reasons_);
    }

private:
    void judge(const ImaEntry& entry, std::size_t index) {
        const auto file = eventlog::decode_ima_file(entry);
        auto fault = file ? fault_of(entry, *file, index) : unreadable(entry, file.error());
        if (!fault || ++refused_ > most_refused)
            return;
        Reason reason{.code = std::move(fault->code),
                      .message = "entry " + std::to_string(index) + " of the IMA list: " + fault->message,
                      .event = EventRef{.index = index,
                                        .pcr = entry.pcr,
                                        .type = "ima",
                                        .digest = file ? to_hex(file->digest) : "",
                                        .bank = file ? file->algorithm : "",
                                        .description = file ? std::string(file->name) : ""},
                      .expected = {},
                      .hint = std::move(fault->hint)};
        reason.expected.push_back(expected());
        reasons_.push_back(std::move(reason));
    }

    std::optional<Fault> unreadable(const ImaEntry& entry, const Error& error) const {
        if (entry.violation() && rule_.unsafe_violations)
            return {};
        return Fault{.code = "ima.template",
                     .message = "template " + std::string(entry.template_name) +
                                " cannot be judged: " + error.detail,
                     .hint = "Boot with one of the kernel's own templates: ima-ng, ima-sig, ima-buf."};
    }

    std::optional<Fault> fault_of(const ImaEntry& entry, const ImaFile& file, std::size_t index) {
        const std::string name = "'" + std::string(file.name) + "'";
        if (entry.violation())
            return rule_.unsafe_violations
                       ? std::optional<Fault>()
                       : Fault{.code = "ima.violation",
                               .message =
                                   name + " was written while it was measured, so its content is unknown",
                               .hint = "Restart the host; if the file is written in normal use, exclude it "
                                       "from the policy."};
        if (file.name == "boot_aggregate" && is_boot_aggregate(entry, index))
            return {};
        const auto algorithm = deciding_algorithm(file);
        if (!algorithm)
            return Fault{.code = "ima.file",
                         .message = name + " has a digest that decides nothing: " + file.algorithm,
                         .hint = "Boot with ima_hash=sha256."};
        if (const auto key = file.buffer.empty() ? std::nullopt : measured_key(file.buffer))
            return fault_of_key(file, *key, *algorithm);
        // a digest of the one kind never approves a file by the other
        if ((file.verity ? rule_.verity : rule_.digests).contains(*algorithm, file.digest))
            return {};
        return fault_of_signature(file, *algorithm, file.verity ? name + " (fs-verity)" : name);
    }

    std::optional<Fault>
    fault_of_signature(const ImaFile& file, Algorithm algorithm, const std::string& name) {
        const bool is_signed = !file.signature.empty() || !file.appended_signature.empty();
        if (!rule_.signatures_suffice || !is_signed)
            return Fault{
                .code = "ima.file", .message = name + " is not approved", .hint = std::string(approve_file)};
        std::string why;
        const auto holds = [&why](const Result<void>& verified) {
            if (!verified)
                why += (why.empty() ? "" : "; ") + verified.error().detail;
            return verified.has_value();
        };
        if (!file.signature.empty() && holds(signers_.verify(file, algorithm)))
            return {};
        if (!file.appended_signature.empty() && holds(verified_appended(file)))
            return {};
        return Fault{.code = "ima.signature",
                     .message = name + " is not approved, and its signature does not help: " + why,
                     .hint = std::string(approve_file)};
    }

    /// Every key is tried, so that there is a limit to how often.
    Result<void> verified_appended(const ImaFile& file) {
        if (++appended_ > most_appended)
            return fail(Errc::too_large, "ima.signature", "too many entries have one appended");
        return signers_.verify_appended(file);
    }

    std::optional<Fault> fault_of_key(const ImaFile& file, const Buffer& key, Algorithm algorithm) const {
        const bool listed = std::ranges::find(rule_.keys, key, &ImaKey::public_key) != rule_.keys.end();
        if (listed && same_bytes(hash(algorithm, file.buffer), file.digest))
            return {};
        return Fault{.code = "ima.key",
                     .message =
                         "a key that is not approved was added to keyring '" + std::string(file.name) + "'",
                     .hint = "List the key in the base image, or keep it out of the keyring."};
    }

    bool is_boot_aggregate(const ImaEntry& entry, std::size_t index) const {
        if (index == 0)
            return true; // the appraisal has seen that it is
        return check_boot_aggregate({.digest_bytes = question_.list.digest_bytes, .entries = {entry}},
                                    question_.at_boot)
            .has_value();
    }

    Expected expected() const {
        std::string what = "one of " + std::to_string(rule_.digests.size()) + " file digests";
        if (rule_.verity.size() > 0)
            what += ", or of " + std::to_string(rule_.verity.size()) + " of fs-verity";
        for (const ImaKey& key : rule_.keys)
            what += (rule_.signatures_suffice ? ", or signed by '" : ", or the key '") + key.name + "'";
        return {.digest = "", .description = std::move(what), .image = question_.image.version.text};
    }

    const ImaQuestion& question_;
    const ImaRule& rule_;
    ImaSigners signers_;
    std::vector<Reason> reasons_;
    std::size_t refused_ = 0;
    std::size_t appended_ = 0; ///< signatures tried
};

} // namespace

std::optional<Buffer> measured_key(Bytes buffer) {
    if (const auto key = crypto::public_key_from_spki_der(buffer))
        return crypto::spki_der(*key);
    const auto certificate = crypto::Certificate::from_der(buffer);
    const auto key = certificate ? certificate->public_key() : fail(Errc::malformed, "certificate");
    return key ? std::optional(crypto::spki_der(*key)) : std::nullopt;
}

std::optional<Algorithm> deciding_algorithm(const ImaFile& file) {
    const auto algorithm = eventlog::algorithm_from_text(file.algorithm);
    if (!algorithm || *algorithm == Algorithm::sha1 || !can_hash(*algorithm) ||
        file.digest.size() != eventlog::digest_size(*algorithm))
        return {};
    return algorithm;
}

std::vector<Reason> judge_ima(const ImaQuestion& question) {
    return Judge(question).judge();
}

} // namespace vouchsafe::appraisal
