#include "appraisal/replay.h"

#include "crypto/digest.h"
#include "crypto/many_digests.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::appraisal {

namespace {

using eventlog::ImaEntry;

std::optional<crypto::HashAlg> hash_alg(Algorithm algorithm) {
    switch (algorithm) {
    case Algorithm::sha1:
        return crypto::HashAlg::sha1;
    case Algorithm::sha256:
        return crypto::HashAlg::sha256;
    case Algorithm::sha384:
        return crypto::HashAlg::sha384;
    case Algorithm::sha512:
        return crypto::HashAlg::sha512;
    case Algorithm::sm3_256:
        return crypto::HashAlg::sm3_256;
    }
    return {}; // a number that only logs know
}

bool hashes_to_digests(const eventlog::Event& event, Bytes bytes) {
    bool any = false;
    for (const auto& digest : event.digests) {
        if (!can_hash(digest.algorithm))
            continue;
        if (!same_bytes(hash(digest.algorithm, bytes), digest.value))
            return false;
        any = true;
    }
    return any;
}

/// Forms in which EV_IPL data differs from what was measured.
std::optional<Buffer> measured_ipl_data(const eventlog::Event& event) {
    const auto text = eventlog::decode_text(event.data);
    if (!text)
        return {};
    // systemd-stub: the section's name as ASCII with its NUL; the data is the same in UTF-16
    Buffer name = to_buffer(as_bytes(*text));
    name.push_back(0);
    if (hashes_to_digests(event, name))
        return name;
    // grub: "grub_cmd: " or "kernel_cmdline: ", then what was measured
    const auto colon = text->find(": ");
    if (colon == std::string::npos)
        return {};
    Buffer rest = to_buffer(as_bytes(*text).subspan(colon + 2));
    if (hashes_to_digests(event, rest))
        return rest;
    return {};
}

constexpr std::uint32_t pcr_launch = 17;

bool is_dynamic(std::uint32_t pcr) {
    constexpr std::uint32_t last_dynamic = 22;
    return pcr >= pcr_launch && pcr <= last_dynamic;
}

/// Only a dynamic launch (D-RTM) extends PCR 17, and it resets PCRs 17 to 22 to zeros before.
bool was_launched(const eventlog::FirmwareLog& log) {
    return std::ranges::any_of(
        log.events, [](const eventlog::Event& event) { return event.extends() && event.pcr == pcr_launch; });
}

/// The bytes under an entry's template digest: its data where they lie, or for the oldest template in
/// `space`.
Result<Bytes> hash_input(const ImaEntry& entry, Buffer& space) {
    if (!eventlog::is_oldest_template(entry))
        return entry.template_data;
    VS_TRY(space, eventlog::ima_hash_input(entry));
    return space;
}

/// What the kernel puts into PCRs of one bank, entry by entry. Lists are long: nothing here asks for memory
/// for each entry.
class ImaExtender {
public:
    /// `template_hash`, where it is known, made the entries' template digests, and they are true.
    ImaExtender(Algorithm bank, ImaForm form, std::optional<Algorithm> template_hash)
        : form_(form), listed_(form == ImaForm::hashed && template_hash == bank),
          digests_(hash_algorithm(bank)), digest_(crypto::digest_size(hash_algorithm(bank))) {}

    void extend(Buffer& value, Bytes digest) { digests_.digest({value, digest}, value); }

    /// What the entry puts into its PCR; it lives until the next is asked for.
    Result<Bytes> digest_of(const ImaEntry& entry) {
        if (entry.violation())
            return padded(form_ == ImaForm::padded_sha1_old ? entry.template_digest.size() : digest_.size());
        if (form_ != ImaForm::hashed)
            return padded(entry.template_digest);
        if (listed_)
            return entry.template_digest;
        VS_TRY(const Bytes input, hash_input(entry, space_));
        digests_.digest({input}, digest_);
        return digest_;
    }

private:
    Bytes padded(std::size_t ones) {
        std::ranges::fill(digest_, 0);
        std::fill_n(digest_.begin(), std::min(ones, digest_.size()), 0xFF);
        return digest_;
    }

    Bytes padded(Bytes digest) {
        std::ranges::fill(digest_, 0);
        std::ranges::copy(digest.first(std::min(digest.size(), digest_.size())), digest_.begin());
        return digest_;
    }

    ImaForm form_;
    bool listed_; ///< the bank's digest is the one that the list has
    crypto::ManyDigests digests_;
    Buffer digest_;
    Buffer space_;
};

/// Whether template digests are the hashes of their data, by one algorithm.
class TemplateCheck {
public:
    explicit TemplateCheck(Algorithm algorithm)
        : digests_(hash_algorithm(algorithm)), digest_(crypto::digest_size(hash_algorithm(algorithm))) {}

    bool holds(const ImaEntry& entry) {
        const auto input = hash_input(entry, space_);
        if (!input)
            return false;
        digests_.digest({*input}, digest_);
        return same_bytes(digest_, entry.template_digest);
    }

private:
    crypto::ManyDigests digests_;
    Buffer digest_;
    Buffer space_;
};

/// The list does not say with which hash its template digests were made: SM3 is as long as SHA-256.
Result<Algorithm> template_hash(const eventlog::ImaList& list) {
    const auto first = std::ranges::find_if_not(list.entries, &ImaEntry::violation);
    std::optional<Algorithm> usual;
    for (const auto candidate :
         {Algorithm::sha1, Algorithm::sha256, Algorithm::sha384, Algorithm::sha512, Algorithm::sm3_256}) {
        if (eventlog::digest_size(candidate) != list.digest_bytes)
            continue;
        if (first != list.entries.end() && TemplateCheck(candidate).holds(*first))
            return candidate;
        usual = usual.value_or(candidate);
    }
    if (!usual)
        return fail(Errc::unsupported, "ima.template_digest", "a length of no known hash");
    return *usual;
}

/// One PCR on the way from one of its starts.
struct Chain {
    std::uint32_t pcr;
    Buffer value;
    bool there; ///< at the quoted value
};

/// The PCRs of a target, on their ways from every start: equal ways are gone once.
class ImaWays {
public:
    explicit ImaWays(const ImaTarget& target) : target_(target) {
        for (const PcrBank& start : target.starts)
            add(start);
        if (target.starts.empty())
            add({});
    }

    /// The start from which every PCR is at its quoted value.
    std::optional<std::size_t> arrived() const {
        const auto there = [this](std::size_t chain) { return chains_[chain].there; };
        for (std::size_t start = 0; start < ways_.size(); ++start)
            if (ways_[start] && std::ranges::all_of(*ways_[start], there))
                return start;
        return {};
    }

    /// Whether the entry moved any of the PCRs.
    Result<bool> extend(ImaExtender& extender, const ImaEntry& entry) {
        std::optional<Bytes> digest;
        for (Chain& chain : chains_) {
            if (chain.pcr != entry.pcr)
                continue;
            if (!digest) {
                VS_TRY(digest, extender.digest_of(entry));
            }
            extender.extend(chain.value, *digest);
            chain.there = same_bytes(chain.value, target_.quoted.at(chain.pcr));
        }
        return digest.has_value();
    }

private:
    void add(const PcrBank& start) {
        std::vector<std::size_t> way;
        for (const auto& [pcr, quoted] : target_.quoted) {
            const auto given = start.find(pcr);
            Buffer value = given != start.end() ? given->second : start_value(target_.bank, pcr, 0);
            if (value.size() != crypto::digest_size(hash_algorithm(target_.bank))) {
                ways_.emplace_back(); // a start of another bank
                return;
            }
            const auto known = std::ranges::find_if(
                chains_, [&](const Chain& chain) { return chain.pcr == pcr && chain.value == value; });
            way.push_back(static_cast<std::size_t>(known - chains_.begin()));
            if (known == chains_.end())
                chains_.push_back({.pcr = pcr, .value = value, .there = same_bytes(value, quoted)});
        }
        ways_.emplace_back(std::move(way));
    }

    const ImaTarget& target_;
    std::vector<Chain> chains_;
    std::vector<std::optional<std::vector<std::size_t>>> ways_; ///< chains of each start that can lead
};

std::optional<ImaReplay> longest_prefix(const TrueImaList& list, const ImaTarget& target, ImaForm form) {
    ImaExtender extender(target.bank, form, list.template_hash());
    ImaWays ways(target);
    std::optional<ImaReplay> found;
    auto start = ways.arrived();
    const auto note = [&](std::size_t entries) {
        if (start)
            found = ImaReplay{.entries = entries, .start = *start, .form = form};
    };
    note(0);
    std::size_t index = 0;
    for (const ImaEntry& entry : list.list().entries) {
        const auto moved = ways.extend(extender, entry);
        if (!moved)
            return found;
        if (*moved)
            start = ways.arrived();
        note(++index);
    }
    return found;
}

} // namespace

bool is_zero(Bytes value) {
    return std::ranges::all_of(value, [](std::uint8_t byte) { return byte == 0; });
}

bool can_hash(Algorithm algorithm) {
    return hash_alg(algorithm).has_value();
}

crypto::HashAlg hash_algorithm(Algorithm algorithm) {
    const auto alg = hash_alg(algorithm);
    VS_CHECK(alg);
    return *alg;
}

Buffer hash(Algorithm algorithm, Bytes bytes) {
    return crypto::digest(hash_algorithm(algorithm), bytes);
}

Buffer extend(Algorithm bank, Bytes value, Bytes digest) {
    return crypto::digest(hash_algorithm(bank), {value, digest});
}

Buffer start_value(Algorithm bank, std::uint32_t pcr, std::uint8_t startup_locality) {
    Buffer value(crypto::digest_size(hash_algorithm(bank)), is_dynamic(pcr) ? 0xFF : 0x00);
    if (pcr == 0)
        value.back() = startup_locality;
    return value;
}

Result<PcrBank> replay_firmware(const eventlog::FirmwareLog& log, Algorithm bank) {
    if (!can_hash(bank))
        return fail(Errc::unsupported, "eventlog.bank", to_string(bank) + " cannot be computed");
    PcrBank pcrs;
    const bool launched = was_launched(log);
    crypto::ManyDigests digests(hash_algorithm(bank));
    for (const eventlog::Event& event : log.events) {
        if (!event.extends())
            continue;
        const auto digest = event.digest(bank);
        if (!digest)
            continue;
        auto [place, fresh] = pcrs.try_emplace(event.pcr);
        if (fresh)
            place->second = launched && is_dynamic(event.pcr)
                                ? Buffer(digest->size(), 0)
                                : start_value(bank, event.pcr, log.startup_locality);
        digests.digest({place->second, *digest}, place->second);
    }
    return pcrs;
}

const eventlog::Event* event_without(const eventlog::FirmwareLog& log, Algorithm bank) {
    for (const eventlog::Event& event : log.events)
        if (event.extends() && !event.digest(bank))
            return &event;
    return nullptr;
}

bool data_is_measured(const eventlog::Event& event) {
    return event.extends() && hashes_to_digests(event, event.data);
}

std::optional<Buffer> measured_data(const eventlog::Event& event) {
    if (data_is_measured(event))
        return to_buffer(event.data);
    if (event.extends() && event.type == eventlog::type::ipl)
        return measured_ipl_data(event);
    return {};
}

std::string_view to_string(ImaForm form) {
    switch (form) {
    case ImaForm::hashed:
        return "hashed";
    case ImaForm::padded_sha1:
        return "padded-sha1";
    case ImaForm::padded_sha1_old:
        return "padded-sha1-old";
    }
    return "";
}

// The list carries one digest for each entry, of its own algorithm: it must be true before it is padded.
Result<TrueImaList> check_template_digests(const eventlog::ImaList& list) {
    VS_TRY(const Algorithm algorithm, template_hash(list));
    TemplateCheck check(algorithm);
    std::size_t index = 0;
    for (const ImaEntry& entry : list.entries) {
        if (!entry.violation() && !check.holds(entry))
            return fail(Errc::untrusted,
                        "ima.template_digest",
                        "entry " + std::to_string(index) + ": not the hash of its data");
        ++index;
    }
    return TrueImaList(list, algorithm);
}

Result<PcrBank> replay_whole_ima(const eventlog::ImaList& list, Algorithm bank, ImaForm form) {
    if (!can_hash(bank))
        return fail(Errc::unsupported, "ima.bank", to_string(bank) + " cannot be computed");
    PcrBank pcrs;
    ImaExtender extender(bank, form, {});
    for (const ImaEntry& entry : list.entries) {
        auto [place, fresh] = pcrs.try_emplace(entry.pcr);
        if (fresh)
            place->second = start_value(bank, entry.pcr, 0);
        VS_TRY(const Bytes digest, extender.digest_of(entry));
        extender.extend(place->second, digest);
    }
    return pcrs;
}

Result<ImaReplay> replay_ima(const TrueImaList& list, const ImaTarget& target) {
    if (!can_hash(target.bank))
        return fail(Errc::unsupported, "ima.bank", to_string(target.bank) + " cannot be computed");
    for (const ImaForm form : {ImaForm::hashed, ImaForm::padded_sha1, ImaForm::padded_sha1_old}) {
        const bool applies = form == ImaForm::hashed ||
                             (list.template_hash() == Algorithm::sha1 && target.bank != Algorithm::sha1);
        if (!applies)
            continue;
        if (const auto found = longest_prefix(list, target, form))
            return *found;
    }
    std::string pcrs;
    for (const auto& [pcr, unused] : target.quoted)
        pcrs += (pcrs.empty() ? "" : " and ") + std::to_string(pcr);
    return fail(Errc::untrusted,
                "ima.replay",
                "no part of the list leads to PCR " + pcrs + " of " + to_string(target.bank));
}

Result<void> check_boot_aggregate(const eventlog::ImaList& list, const QuotedPcrs& quoted) {
    constexpr std::string_view where = "ima.boot_aggregate";
    if (list.entries.empty())
        return fail(Errc::untrusted, where, "the list is empty");
    const auto file = eventlog::decode_ima_file(list.entries.front());
    if (!file || file->name != "boot_aggregate")
        return fail(Errc::untrusted, where, "the list does not begin with it");
    const auto bank = eventlog::algorithm_from_text(file->algorithm);
    if (!bank || !quoted.banks.contains(*bank))
        return fail(Errc::untrusted, where, "it is over a bank that is not quoted");
    const PcrBank& values = quoted.banks.at(*bank);
    for (const std::uint32_t last : {9U, 7U}) {
        crypto::Hasher hasher(hash_algorithm(*bank));
        for (std::uint32_t pcr = 0; pcr <= last; ++pcr) {
            const auto value = values.find(pcr);
            if (value == values.end())
                return fail(Errc::untrusted, where, "PCR " + std::to_string(pcr) + " is not quoted");
            hasher.update(value->second);
        }
        if (same_bytes(hasher.finish(), file->digest))
            return {};
    }
    return fail(Errc::untrusted, where, "it is not the hash of the quoted PCRs");
}

} // namespace vouchsafe::appraisal
