#include "kmip/examination.h"

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "kmip/failure.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::kmip {

namespace {

constexpr std::string_view bound_to = "vouchsafe/probe/1"; // the additional data
constexpr std::int32_t wanted_bits = 256;

struct Trying {
    Client& client;
    const ExaminationInput& input;
    Examination& found;
    KeyId id{};
    std::optional<Secret> material{};
    Sealed sealed{};

    Deadline deadline() const { return input.deadline(); }

    AeadContext context() const {
        return {.key = id, .nonce = sealed.nonce, .additional_data = as_bytes(bound_to)};
    }

    /// Whether it works.
    bool note(Step step, Outcome outcome, std::string_view detail = {}) const {
        found.tried.at(static_cast<std::size_t>(step)) = {.outcome = outcome, .detail = std::string(detail)};
        return outcome == Outcome::works;
    }

    template <class T> bool note(Step step, const Result<T>& done) const {
        return done ? note(step, Outcome::works) : note(step, Outcome::fails, done.error().detail);
    }
};

bool try_create(Trying& trying) {
    auto made = trying.client.create({.name = trying.input.name}, trying.deadline());
    if (made)
        trying.id = *made;
    else if (failure_class(made.error()) == FailureClass::transport)
        trying.found.left_behind = "perhaps a key named " + trying.input.name + ": no answer came to Create";
    return trying.note(Step::create, made);
}

std::string_view missing_attribute(const Attributes& attributes) {
    if (!attributes.state)
        return "it does not say the state of a key";
    if (attributes.algorithm != Algorithm::aes || attributes.length != wanted_bits)
        return "it does not say that the key is AES-256";
    if ((attributes.usage_mask.value_or(0) & (usage::encrypt | usage::decrypt)) !=
        (usage::encrypt | usage::decrypt))
        return "it does not say that the key may encrypt and decrypt";
    return {};
}

void try_get_attributes(const Trying& trying) {
    const auto read = trying.client.get_attributes(trying.id, trying.deadline());
    if (!read) {
        trying.note(Step::get_attributes, read);
        return;
    }
    const std::string_view missing = missing_attribute(*read);
    trying.note(Step::get_attributes, missing.empty() ? Outcome::works : Outcome::wrong, missing);
    if (read->state && *read->state != State::active &&
        trying.found.at(Step::activate).outcome == Outcome::works)
        trying.note(Step::activate, Outcome::wrong, "the key is " + to_string(*read->state) + " afterwards");
}

void try_get(Trying& trying) {
    auto key = trying.client.get(trying.id, trying.deadline());
    if (key && key->material.size() * 8 != wanted_bits) {
        trying.note(Step::get, Outcome::wrong, "it gave a key of another length");
        return;
    }
    trying.note(Step::get, key);
    if (key)
        trying.material = std::move(key->material);
}

void try_batch(const Trying& trying) {
    const auto answers = trying.client.batch(
        [&](ProtocolVersion agreed) {
            return std::vector{get_attributes(agreed, trying.id), get_attribute_list(trying.id)};
        },
        trying.deadline());
    if (!answers)
        trying.note(Step::batch, answers);
    else if (const auto bad = std::ranges::find_if(*answers, [](const auto& one) { return !one; });
             bad != answers->end())
        trying.note(Step::batch, *bad);
    else
        trying.note(Step::batch, Outcome::works);
}

void try_locate(const Trying& trying) {
    constexpr std::size_t most = 4;
    const auto located = trying.client.locate_by_name(trying.input.name, most, trying.deadline());
    if (!located)
        trying.note(Step::locate, located);
    else if (*located == std::vector{trying.id})
        trying.note(Step::locate, Outcome::works);
    else if (std::ranges::find(*located, trying.id) == located->end())
        trying.note(Step::locate, Outcome::wrong, "it does not find the key by its name");
    else
        trying.note(Step::locate, Outcome::wrong, "it finds other objects too, which do not have that name");
}

/// The same by our own cipher: only then do both wrappings make the same blob.
bool is_as_ours(const Trying& trying) {
    if (!trying.material)
        return true; // a key that does not leave its server: what follows has to do
    const Buffer ours = crypto::aes256_gcm_seal(
        *trying.material, trying.sealed.nonce, as_bytes(bound_to), trying.input.plain);
    Buffer theirs = trying.sealed.ciphertext;
    theirs.insert(theirs.end(), trying.sealed.tag.begin(), trying.sealed.tag.end());
    return ours == theirs;
}

bool try_encrypt(Trying& trying) {
    trying.sealed.nonce = trying.input.nonce;
    const AeadContext context = trying.context();
    auto sealed = trying.client.encrypt(context, trying.input.plain, trying.deadline());
    if (!sealed)
        return trying.note(Step::encrypt, sealed);
    const bool our_nonce = sealed->nonce == trying.input.nonce;
    trying.sealed = *std::move(sealed);
    if (!our_nonce)
        return trying.note(Step::encrypt, Outcome::wrong, "it uses a nonce of its own instead of ours");
    if (!is_as_ours(trying))
        return trying.note(Step::encrypt, Outcome::wrong, "what it gives is not AES-256-GCM as asked for");
    return trying.note(Step::encrypt, Outcome::works);
}

void try_decrypt(const Trying& trying) {
    const auto opened = trying.client.decrypt(
        trying.context(), trying.sealed.ciphertext, trying.sealed.tag, trying.deadline());
    if (opened && !crypto::equal(*opened, trying.input.plain))
        trying.note(Step::decrypt, Outcome::wrong, "it gives something else than what was encrypted");
    else
        trying.note(Step::decrypt, opened);
}

/// A decryption that must be refused; and refused it must be, which no lost answer shows.
void try_forgery(const Trying& trying, Step step, const AeadContext& context, const Buffer& tag) {
    const auto opened = trying.client.decrypt(context, trying.sealed.ciphertext, tag, trying.deadline());
    if (opened)
        trying.note(step, Outcome::wrong, "it decrypts what it must refuse");
    else if (failure_class(opened.error()) == FailureClass::transport)
        trying.note(step, opened);
    else
        trying.note(step, Outcome::works);
}

void try_forgeries(const Trying& trying) {
    Buffer tag = trying.sealed.tag;
    tag.front() ^= 1U;
    try_forgery(trying, Step::wrong_tag, trying.context(), tag);
    AeadContext other = trying.context();
    other.additional_data = as_bytes(bound_to).first(bound_to.size() - 1);
    try_forgery(trying, Step::wrong_data, other, trying.sealed.tag);
    Buffer nonce = trying.sealed.nonce;
    nonce.front() ^= 1U;
    other = trying.context();
    other.nonce = nonce;
    try_forgery(trying, Step::wrong_nonce, other, trying.sealed.tag);
}

void use(Trying& trying) {
    try_get_attributes(trying);
    try_get(trying);
    try_batch(trying);
    try_locate(trying);
    if (try_encrypt(trying)) {
        try_decrypt(trying);
        try_forgeries(trying);
    }
}

/// Once more after a lost answer: what is already so is fine.
void clean_up(const Trying& trying) {
    const auto twice = [](const auto& attempt) {
        auto done = attempt();
        return done || failure_class(done.error()) != FailureClass::transport ? done : attempt();
    };
    trying.note(Step::revoke, twice([&] {
                    return trying.client.revoke(trying.id, RevocationReason::cessation, trying.deadline());
                }));
    const auto destroyed = twice([&] { return trying.client.destroy(trying.id, trying.deadline()); });
    const auto after = trying.client.get(trying.id, trying.deadline());
    const bool gone = !after && failure_class(after.error()) != FailureClass::transport;
    if (destroyed && after)
        trying.note(Step::destroy, Outcome::wrong, "it gives the key even so");
    else
        trying.note(Step::destroy, destroyed);
    if (!destroyed && (!gone || failure_class(after.error()) != FailureClass::replica_lag))
        trying.found.left_behind = "the key " + trying.id.text + ", named " + trying.input.name;
}

/// What stands in the way of a wrapping: the first of these steps that does not work.
Ability ability(const Examination& found, std::span<const Step> needed) {
    for (const Step step : needed) {
        const Tried& tried = found.at(step);
        if (tried.outcome == Outcome::works)
            continue;
        return {.verdict = tried.outcome == Outcome::not_tried ? Verdict::untested : Verdict::no,
                .why = std::string(to_string(step)) +
                       (tried.outcome == Outcome::not_tried ? " was not tried" : ": " + tried.detail)};
    }
    return {.verdict = Verdict::yes, .why = {}};
}

/// By what Query lists alone; where it lists nothing, nothing is known.
std::optional<std::string> not_listed(const ServerFacts& facts, std::span<const Operation> needed) {
    if (facts.operations.empty())
        return std::nullopt;
    for (const Operation operation : needed)
        if (!facts.can(operation))
            return "the server does not list " + to_string(operation);
    return std::nullopt;
}

constexpr std::array fetch_steps{Step::create, Step::activate, Step::get_attributes, Step::get};
constexpr std::array fetch_operations{Operation::get_attributes, Operation::get};
constexpr std::array remote_steps{Step::create,
                                  Step::activate,
                                  Step::get_attributes,
                                  Step::encrypt,
                                  Step::decrypt,
                                  Step::wrong_tag,
                                  Step::wrong_data,
                                  Step::wrong_nonce};
constexpr std::array remote_operations{Operation::get_attributes, Operation::encrypt, Operation::decrypt};

void judge(Examination& found, Trial trial) {
    found.fetch = ability(found, fetch_steps);
    found.remote = ability(found, remote_steps);
    if (trial == Trial::read_only) {
        found.fetch.why = found.remote.why = "nothing was tried that writes";
        if (const auto lacks = not_listed(found.facts, fetch_operations))
            found.fetch = {.verdict = Verdict::no, .why = *lacks};
        if (const auto lacks = not_listed(found.facts, remote_operations))
            found.remote = {.verdict = Verdict::no, .why = *lacks};
    }
    if (found.agreed < aead_since)
        found.remote = {.verdict = Verdict::no,
                        .why = "KMIP " + to_string(found.agreed) +
                               " loses the tag of authenticated encryption; it needs 1.4 or later"};
}

} // namespace

std::string_view to_string(Step step) {
    switch (step) {
    case Step::create:
        return "create";
    case Step::activate:
        return "activate";
    case Step::get_attributes:
        return "get attributes";
    case Step::get:
        return "get";
    case Step::batch:
        return "batch";
    case Step::locate:
        return "locate";
    case Step::encrypt:
        return "encrypt";
    case Step::decrypt:
        return "decrypt";
    case Step::wrong_tag:
        return "refuse a wrong tag";
    case Step::wrong_data:
        return "refuse wrong additional data";
    case Step::wrong_nonce:
        return "refuse a wrong nonce";
    case Step::revoke:
        return "revoke";
    case Step::destroy:
        return "destroy";
    }
    std::unreachable();
}

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
    case Outcome::works:
        return "works";
    case Outcome::fails:
        return "fails";
    case Outcome::wrong:
        return "wrong";
    case Outcome::not_tried:
        return "not tried";
    }
    std::unreachable();
}

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
    case Verdict::yes:
        return "yes";
    case Verdict::no:
        return "no";
    case Verdict::untested:
        return "untested";
    }
    std::unreachable();
}

Result<Examination> examine(Client& client, const ExaminationInput& input) {
    VS_CHECK(input.nonce.size() == aead_nonce_size && !input.name.empty());
    Examination found{};
    VS_TRY(found.agreed, client.version(input.deadline()));
    // What follows may fail for a server that has little more than keys: then it is not known.
    found.versions = client.discover_versions(input.deadline()).value_or(ServerVersions{});
    if (found.versions.empty())
        found.versions = {found.agreed};
    found.facts = client.query(input.deadline()).value_or(ServerFacts{});
    found.profile = &profile_for(found.facts.vendor);
    if (input.trial == Trial::whole) {
        Trying trying{.client = client, .input = input, .found = found};
        if (try_create(trying)) {
            if (trying.note(Step::activate, client.activate(trying.id, input.deadline())))
                use(trying);
            clean_up(trying);
        }
    }
    judge(found, input.trial);
    return found;
}

} // namespace vouchsafe::kmip
