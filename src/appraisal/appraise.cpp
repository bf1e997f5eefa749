#include "appraisal/appraise.h"

#include "appraisal/boot.h"
#include "appraisal/check_ima.h"
#include "appraisal/check_userspace.h"
#include "appraisal/ima_judge.h"
#include "appraisal/ima_stage.h"
#include "appraisal/judge_firmware.h"
#include "appraisal/match.h"
#include "appraisal/nearest.h"
#include "appraisal/replay.h"
#include "appraisal/revoked_files.h"
#include "eventlog/ima.h"

#include <algorithm>
#include <array>

namespace vouchsafe::appraisal {

namespace {

// AR4SI's values for the claims that we make.
constexpr std::int8_t approved = 2;            // as approved; executables: during and after the boot
constexpr std::int8_t approved_at_boot = 3;    // executables: only recognised ones were loaded during boot
constexpr std::int8_t unrecognised_later = 33; // executables: what runs after the boot is not recognised
constexpr std::int8_t contraindicated = 96;

class Judge {
public:
    explicit Judge(const AppraisalInput& input) : in_(input) {}

    /// What a list that goes on can change.
    Appraisal judge_increment() {
        VS_CHECK(in_.ima_start && in_.ima_start->can_go_on());
        constexpr std::array stages{&Judge::policy_bank,
                                    &Judge::goes_on,
                                    &Judge::ima,
                                    &Judge::image_still_covers,
                                    &Judge::revoked_files};
        for (const auto stage : stages) {
            if (!(this->*stage)())
                break;
        }
        return std::move(out_);
    }

    Appraisal judge() {
        // The order is the promise of appraise(); the first stage that does not pass is the last.
        constexpr std::array stages{&Judge::policy_bank,
                                    &Judge::parse_log,
                                    &Judge::replay,
                                    &Judge::grammar,
                                    &Judge::userspace,
                                    &Judge::ima,
                                    &Judge::secure_boot,
                                    &Judge::kernel,
                                    &Judge::images,
                                    &Judge::firmware,
                                    &Judge::revoked_files};
        for (const auto stage : stages) {
            if (!(this->*stage)())
                return std::move(out_);
        }
        conclude();
        return std::move(out_);
    }

private:
    /// A stage passes (true) or has refused (false).
    bool refuse(Tier tier, Reason reason) {
        out_.tier = tier;
        out_.reasons.push_back(std::move(reason));
        return false;
    }

    bool pass_without(std::vector<Reason> reasons) {
        if (reasons.empty())
            return true;
        out_.tier = Tier::contraindicated;
        out_.reasons = std::move(reasons);
        return false;
    }

    const PcrBank& policy_values() const { return in_.quoted.banks.at(in_.policy_bank); }

    /// Banks with values, for a sentence.
    std::string quoted_banks() const {
        std::string out;
        for (const auto& [bank, values] : in_.quoted.banks)
            if (!values.empty())
                out += (out.empty() ? "" : ", ") + to_string(bank);
        return out.empty() ? "nor is any other" : "only " + out;
    }

    /// 1
    bool policy_bank() {
        const auto values = in_.quoted.banks.find(in_.policy_bank);
        if (values == in_.quoted.banks.end() || values->second.empty() || !can_hash(in_.policy_bank))
            return refuse(Tier::none,
                          plain("policy.bank",
                                "the TPM does not have the bank that policy judges: " +
                                    to_string(in_.policy_bank) + " is not allocated, " + quoted_banks(),
                                "Allocate the bank (in the firmware's set-up, or tpm2_pcrallocate " +
                                    to_string(in_.policy_bank) +
                                    ":all) and restart the host; it cannot choose another."));
        const auto value = [&values](std::uint32_t pcr) {
            const auto found = values->second.find(pcr);
            return found != values->second.end() ? found->second : Buffer{};
        };
        out_.firmware.pcr0 = value(0);
        out_.firmware.pcr2 = value(2);
        return true;
    }

    /// 2
    bool parse_log() {
        if (!in_.firmware_log || in_.firmware_log->empty())
            return refuse(Tier::none,
                          plain("eventlog.absent",
                                "there is no firmware event log",
                                "The kernel hands the log on when it is started through its EFI stub."));
        auto log = eventlog::parse_firmware_log(*in_.firmware_log);
        if (!log)
            return refuse(Tier::none,
                          plain("eventlog.malformed",
                                "the firmware event log cannot be read: " + log.error().detail,
                                "The log is damaged, or of a format that is not known."));
        log_ = *std::move(log);
        if (!parse_userspace() || !parse_ima())
            return false;
        out_.firmware.version = firmware_version(log_);
        out_.secure_boot = appraisal::secure_boot_on(log_);
        for (const auto& [pcr, unused] : policy_values())
            if (!judged(pcr))
                out_.not_assessed.push_back(pcr);
        return true;
    }

    bool parse_userspace() {
        auto userspace = parse_userspace_log(in_.userspace_log.value_or(Bytes{}));
        if (!userspace)
            return refuse(Tier::none,
                          plain("userspace.malformed",
                                "the userspace log cannot be read: " + userspace.error().detail,
                                "The log is damaged, or of a version of systemd that is not known."));
        userspace_ = *std::move(userspace);
        return true;
    }

    bool parse_ima() {
        if (!has_ima_list())
            return true;
        auto parsed = eventlog::parse_ima_list(*in_.ima_log);
        if (!parsed)
            return refuse(Tier::none,
                          plain("ima.malformed",
                                "the IMA list cannot be read: " + parsed.error().detail,
                                "The list is damaged, or of a format that is not known."));
        list_ = *std::move(parsed);
        return true;
    }

    bool has_ima_list() const { return in_.ima_log && !in_.ima_log->empty(); }

    bool judged(std::uint32_t pcr) const {
        const bool is_firmware = pcr == 0 || pcr == 2;
        return pcr == pcr_ima || (is_firmware && in_.firmware_rule == FirmwareRule::pinned) ||
               std::ranges::find(image_pcrs, pcr) != image_pcrs.end();
    }

    /// 3 and 4
    bool replay() {
        std::vector<std::uint32_t> exempt;
        if (in_.firmware_rule == FirmwareRule::unsafe_ignore)
            exempt = {0, 2};
        ReplayCheck checked = check_replay({.log = log_,
                                            .userspace = userspace_,
                                            .quoted = in_.quoted,
                                            .exempt = std::move(exempt),
                                            .ima_pcrs = ima_pcrs(list_, in_.ima_start)});
        left_by_firmware_ = std::move(checked.left_by_firmware);
        ima_begin_ = std::move(checked.ima);
        userspace_.resize(checked.userspace_records); // what follows is not in the quote
        return pass_without(std::move(checked.reasons));
    }

    /// 5
    bool grammar() { return pass_without(check_grammar(log_, in_.policy_bank)); }

    /// 6
    bool userspace() { return pass_without(check_userspace_grammar(userspace_, in_.policy_bank)); }

    /// 7
    bool ima() {
        ImaOutcome found = check_ima_stage(ima_evidence());
        out_.ima_end = std::move(found.end);
        out_.ima_pending = found.pending;
        if (pass_without(std::move(found.reasons)))
            return true;
        if (out_.reasons.front().code == "ima.absent")
            out_.tier = Tier::none;
        return false;
    }

    ImaEvidence ima_evidence() const {
        return {.list = list_,
                .present = has_ima_list(),
                .start = in_.ima_start,
                .begin = ima_begin_,
                .quoted = in_.quoted,
                .left_by_firmware = left_by_firmware_};
    }

    /// Entries accepted before the list.
    std::size_t entries_before() const { return in_.ima_start ? in_.ima_start->entries : 0; }

    bool for_this_host(const BaseImage& image) const {
        const auto& groups = in_.host_groups;
        return image.host_groups.empty() ||
               std::ranges::any_of(image.host_groups, [&groups](const std::string& group) {
                   return std::ranges::find(groups, group) != groups.end();
               });
    }

    bool valid_now(const BaseImage& image) const { return image.valid_at(in_.now); }

    bool eligible(const BaseImage& image) const { return for_this_host(image) && valid_now(image); }

    bool accepts_secure_boot(const BaseImage& image) const {
        return out_.secure_boot || image.secure_boot == SecureBootRule::unsafe_not_required;
    }

    /// 8
    bool secure_boot() {
        const auto accepts = [this](const BaseImage& image) {
            return eligible(image) && accepts_secure_boot(image);
        };
        if (out_.secure_boot || std::ranges::any_of(in_.images, accepts))
            return true;
        out_.claims.configuration = contraindicated;
        return refuse(Tier::contraindicated,
                      plain("secure_boot.off",
                            "Secure Boot was not on",
                            "Switch Secure Boot on in the firmware's set-up, and boot again."));
    }

    /// 9
    bool kernel() {
        if (find_boot(log_).kernel != nullptr)
            return true;
        out_.claims.executables = contraindicated;
        return refuse(Tier::contraindicated,
                      plain("boot.no_kernel",
                            std::string(no_kernel_message),
                            "Start the operating system by the firmware's boot manager, which measures it."));
    }

    /// 10 and 11
    bool images() {
        const JudgedEvents events = judged_events(log_);
        const BootEvents boot = find_boot(log_);
        const MatchInput input{.events = events,
                               .quoted = in_.quoted,
                               .policy_bank = in_.policy_bank,
                               .command_line = in_.command_line,
                               .boot = boot};
        if (const BaseImage* const image = image_before(); image != nullptr && eligible(*image) &&
                                                           accepts_secure_boot(*image) &&
                                                           refusals(*image, input).empty())
            return accept(*image, input);
        if (in_.image_index != nullptr)
            for (const BaseImage* const image : in_.image_index->find(events, in_.policy_bank))
                if (eligible(*image) && accepts_secure_boot(*image) && refusals(*image, input).empty())
                    return accept(*image, input);
        std::vector<Mismatch> mismatches;
        for (const BaseImage& image : in_.images) {
            if (!eligible(image) || !accepts_secure_boot(image))
                continue;
            auto reasons = refusals(image, input);
            if (reasons.empty())
                return accept(image, input);
            mismatches.push_back({.image = &image, .reasons = std::move(reasons)});
        }
        out_.claims.executables = contraindicated;
        for (const BaseImage& image : in_.images)
            if (!eligible(image) && match(image, input).empty())
                return refuse(Tier::contraindicated, not_eligible(image));
        if (!mismatches.empty())
            return pass_without(explain(mismatches, in_.images, log_, in_.policy_bank));
        return refuse(Tier::contraindicated,
                      plain("image.none",
                            "no base image is approved for this host at this time",
                            "Import a base image of this build, or set its dates and host groups."));
    }

    /// The image that judged the entries before the list: it goes first.
    const BaseImage* image_before() const {
        if (entries_before() == 0)
            return nullptr;
        const auto found = std::ranges::find_if(in_.images, [this](const BaseImage& image) {
            return image.version.text == in_.ima_start->image;
        });
        return found != in_.images.end() ? &*found : nullptr;
    }

    /// 2 of an increment. It goes on from the position alone.
    bool goes_on() {
        if (!parse_ima())
            return false;
        ima_begin_ = {.pcrs = ima_pcrs(list_, in_.ima_start), .shared = {}, .starts = {}};
        return true;
    }

    /// 10 and 11 of an increment. Without the logs of the boot no other kernel's boot aggregate can be
    /// judged: one that is listed is refused as a file.
    bool image_still_covers() {
        const BaseImage* const image = image_before();
        if (image == nullptr || !eligible(*image))
            return refuse(
                Tier::contraindicated,
                plain("image.none",
                      "base image " + in_.ima_start->image + " is not approved for this host any more",
                      "Import it again, or start a build that is approved."));
        out_.ima_end.image = image->version.text;
        if (!image->ima)
            return true;
        const QuotedPcrs unknown;
        return pass_without(
            judge_ima({.image = *image, .list = list_, .begin = entries_before(), .at_boot = unknown}));
    }

    /// Why the image does not cover this boot and what has run since.
    std::vector<Reason> refusals(const BaseImage& image, const MatchInput& input) const {
        auto reasons = match(image, input);
        if (!reasons.empty() || !image.ima)
            return reasons;
        return judge_ima_stage(image, ima_evidence(), out_.ima_end);
    }

    Reason not_eligible(const BaseImage& image) const {
        const std::string name = "base image " + image.version.text;
        if (valid_now(image))
            return plain("image.none",
                         name + " matches, but is not for a group of this host",
                         "Put the host into one of the image's groups, or widen the image.");
        return plain("image.none",
                     name + " matches, but is not valid at this time",
                     "Start a newer build, or extend the image's dates.");
    }

    /// Whether an image that also covers this boot lets its kernel start another.
    bool may_kexec(const MatchInput& input) const {
        return std::ranges::any_of(in_.images, [&](const BaseImage& image) {
            return image.unsafe_kexec && eligible(image) && accepts_secure_boot(image) &&
                   refusals(image, input).empty();
        });
    }

    bool accept(const BaseImage& image, const MatchInput& input) {
        out_.base_image = image.version;
        out_.ima_end.image = image.version.text;
        out_.executables = to_string(image.userspace);
        out_.claims.executables = executables_of(image.userspace);
        out_.unsafe_kexec = image.unsafe_kexec || may_kexec(input);
        out_.claims.configuration = out_.secure_boot ? approved : std::int8_t{0};
        return true;
    }

    static std::int8_t executables_of(Userspace userspace) {
        switch (userspace) {
        case Userspace::boot_only:
            return unrecognised_later;
        case Userspace::ima:
            return approved; // and what is loaded later is in the list too
        case Userspace::boot_image:
        case Userspace::dm_verity:
            break;
        }
        return approved_at_boot;
    }

    /// 12
    bool firmware() {
        if (in_.firmware_rule == FirmwareRule::unsafe_ignore)
            return true;
        if (!in_.firmware_pin)
            return refuse(Tier::none,
                          plain("firmware.not_pinned",
                                "the firmware of this host was not approved yet",
                                "Approve the host: that pins the firmware it shows now."));
        FirmwareJudgement judged = judge_firmware({.shown = out_.firmware,
                                                   .pin = *in_.firmware_pin,
                                                   .sets = in_.firmware_sets,
                                                   .bank = in_.policy_bank,
                                                   .log = log_});
        out_.firmware_set = std::move(judged.set);
        out_.claims.hardware = judged.reasons.empty() ? approved : contraindicated;
        return pass_without(std::move(judged.reasons));
    }

    /// 13
    bool revoked_files() {
        return pass_without(check_revoked_files(
            {.revoked = in_.revoked_files, .log = log_, .list = list_, .begin = entries_before()}));
    }

    void conclude() {
        const bool covered = out_.claims.executables != unrecognised_later;
        out_.tier = covered ? Tier::affirming : Tier::warning;
    }

    const AppraisalInput& in_;
    Appraisal out_;
    eventlog::FirmwareLog log_;
    eventlog::ImaList list_;
    UserspaceLog userspace_;
    std::map<Algorithm, PcrBank> left_by_firmware_;
    ImaBegin ima_begin_;
};

} // namespace

std::string_view to_string(Tier tier) {
    switch (tier) {
    case Tier::none:
        return "none";
    case Tier::affirming:
        return "affirming";
    case Tier::warning:
        return "warning";
    case Tier::contraindicated:
        return "contraindicated";
    }
    return "";
}

Appraisal appraise(const AppraisalInput& input) {
    return Judge(input).judge();
}

Appraisal appraise_increment(const IncrementInput& input) {
    const AppraisalInput as_of_a_boot{.quoted = input.quoted,
                                      .policy_bank = input.policy_bank,
                                      .firmware_log = {},
                                      .ima_log = input.ima_log,
                                      .ima_start = input.start,
                                      .userspace_log = {},
                                      .command_line = {},
                                      .images = input.images,
                                      .host_groups = input.host_groups,
                                      .firmware_pin = {},
                                      .revoked_files = input.revoked_files,
                                      .now = input.now};
    return Judge(as_of_a_boot).judge_increment();
}

} // namespace vouchsafe::appraisal
