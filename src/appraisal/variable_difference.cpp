#include "appraisal/variable_difference.h"

#include "appraisal/replay.h"
#include "base/reader.h"
#include "crypto/x509.h"
#include "eventlog/event_data.h"
#include "eventlog/signature_list.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace vouchsafe::appraisal {

namespace {

constexpr std::size_t most_tries = 512;
constexpr std::size_t most_named = 4;
constexpr std::size_t guid_size = 16;
constexpr std::string_view where = "variable_difference";

/// An EFI_SIGNATURE_LIST in its bytes.
struct List {
    Bytes type;
    std::uint32_t signature_size = 0;
    Bytes header;
    std::vector<Bytes> signatures;
};

/// A variable that can be written again without some of its signatures.
struct Database {
    Bytes guid;
    Bytes name; ///< UTF-16
    std::vector<List> lists;
    std::vector<std::string> texts; ///< of all signatures, in order
};

/// By type, digest and owner: "sha256 0123… (owner 77fa9abd-…)".
std::string text_of(const eventlog::Signature& signature, const std::string& type) {
    constexpr std::size_t shown = 64; // a digest; of what is longer, its own
    const std::string owner = "owner " + signature.owner;
    if (signature.data.size() <= shown)
        return type + " " + to_hex(signature.data) + " (" + owner + ")";
    std::string what = type;
    if (type == "x509") {
        const auto certificate = crypto::Certificate::from_der(signature.data, crypto::Padding::tolerated);
        what = "X.509 certificate" + (certificate ? " " + certificate->subject() : "");
    }
    return what + " (sha256 " + to_hex(hash(Algorithm::sha256, signature.data)) + ", " + owner + ")";
}

Result<List> take_list(Reader& in) {
    List list;
    VS_TRY(list.type, in.take(guid_size, where));
    VS_TRY(const auto size, in.little<std::uint32_t>(where));
    VS_TRY(const auto header_size, in.little<std::uint32_t>(where));
    VS_TRY(list.signature_size, in.little<std::uint32_t>(where));
    constexpr std::uint32_t fixed = guid_size + 12;
    VS_CHECK(size >= fixed && list.signature_size > 0); // decode_signature_lists has read it
    VS_TRY(Reader body, in.sub(size - fixed, where));
    VS_TRY(list.header, body.take(header_size, where));
    while (!body.empty()) {
        VS_TRY(const Bytes signature, body.take(list.signature_size, where));
        list.signatures.push_back(signature);
    }
    return list;
}

Result<Database> read_database(Bytes data) {
    VS_TRY(const eventlog::EfiVariable variable, eventlog::decode_efi_variable(data));
    VS_TRY(const auto decoded, eventlog::decode_signature_lists(variable.data));
    Database out;
    for (const eventlog::SignatureList& list : decoded)
        for (const eventlog::Signature& signature : list.signatures)
            out.texts.push_back(text_of(signature, list.type));
    Reader head(data);
    VS_TRY(out.guid, head.take(guid_size, where));
    VS_TRY(const auto characters, head.little<std::uint64_t>(where));
    VS_TRY([[maybe_unused]] const auto size, head.little<std::uint64_t>(where));
    VS_TRY(out.name, head.take(static_cast<std::size_t>(characters) * 2, where));
    Reader lists(variable.data);
    while (!lists.empty()) {
        VS_TRY(List list, take_list(lists));
        out.lists.push_back(std::move(list));
    }
    return out;
}

/// The signatures from `first` on, `count` of them.
struct Span {
    std::size_t first;
    std::size_t count;
};

Buffer write_without(const Database& database, Span left_out) {
    Writer lists;
    std::size_t at = 0;
    for (const List& list : database.lists) {
        Writer kept;
        for (const Bytes signature : list.signatures) {
            if (at < left_out.first || at >= left_out.first + left_out.count)
                kept.bytes(signature);
            ++at;
        }
        if (kept.view().empty() && !list.signatures.empty())
            continue;
        const std::size_t size = guid_size + 12 + list.header.size() + kept.view().size();
        lists.bytes(list.type)
            .little(static_cast<std::uint32_t>(size))
            .little(static_cast<std::uint32_t>(list.header.size()))
            .little(list.signature_size)
            .bytes(list.header)
            .bytes(kept.view());
    }
    return Writer()
        .bytes(database.guid)
        .little(static_cast<std::uint64_t>(database.name.size() / 2))
        .little(static_cast<std::uint64_t>(lists.view().size()))
        .bytes(database.name)
        .bytes(lists.view())
        .done();
}

/// What, left out, gives the digest: one signature, or some at the end.
std::optional<Span> find_added(const Database& database, Algorithm bank, Bytes approved) {
    const std::size_t count = database.texts.size();
    const auto fits = [&](Span span) {
        return same_bytes(hash(bank, write_without(database, span)), approved);
    };
    const std::size_t tries = std::min(count, most_tries / 2);
    for (std::size_t i = 1; i <= tries; ++i) {
        if (fits({.first = count - i, .count = i}))
            return Span{.first = count - i, .count = i};
        if (i > 1 && fits({.first = count - i, .count = 1}))
            return Span{.first = count - i, .count = 1};
    }
    return std::nullopt;
}

std::string named(std::span<const std::string> texts) {
    std::string out;
    for (std::size_t i = 0; i < std::min(texts.size(), most_named); ++i)
        out += (i == 0 ? "" : ", ") + texts[i];
    if (texts.size() > most_named)
        out += ", and " + std::to_string(texts.size() - most_named) + " more";
    return out;
}

std::string holds(const Database& database) {
    const std::size_t count = database.texts.size();
    if (count == 0)
        return "now it is empty";
    return "now it holds " + std::to_string(count) + (count == 1 ? " entry: " : " entries: ") +
           named(database.texts);
}

/// Those of `all` that `others` lacks, in order; one that is there twice counts twice.
std::vector<std::string> missing_in(const std::vector<std::string>& others,
                                    const std::vector<std::string>& all) {
    std::multiset<std::string_view> left(others.begin(), others.end());
    std::vector<std::string> out;
    for (const std::string& one : all) {
        const auto found = left.find(one);
        if (found == left.end())
            out.push_back(one);
        else
            left.erase(found);
    }
    return out;
}

/// A database that forbids: there, less is more.
bool revokes(Bytes data) {
    const auto variable = eventlog::decode_efi_variable(data);
    return variable && variable->name == "dbx";
}

std::string difference_of(const Database& before, const Database& after, bool revoking) {
    const auto added = missing_in(before.texts, after.texts);
    const auto removed = missing_in(after.texts, before.texts);
    if (added.empty() && removed.empty())
        return before.texts == after.texts ? "the same entries in other lists"
                                           : "the same entries in another order";
    std::string out;
    if (!removed.empty())
        out = "removed since: " + named(removed);
    if (!removed.empty() && revoking)
        out += " (dangerous: what these entries revoke may be started again)";
    if (!added.empty())
        out += (out.empty() ? "" : "; ") + ("added since: " + named(added));
    return out;
}

} // namespace

std::string database_difference(Bytes before, Bytes after) {
    const auto old = read_database(before);
    const auto now = read_database(after);
    if (!old || !now || same_bytes(before, after))
        return {};
    return difference_of(*old, *now, revokes(after));
}

std::string
variable_difference(const eventlog::Event& event, Algorithm bank, const ApprovedVariable& approved) {
    if (event.type != eventlog::type::efi_variable_driver_config || !can_hash(bank) ||
        !data_is_measured(event))
        return {};
    if (approved.data)
        return database_difference(*approved.data, event.data);
    const auto database = read_database(event.data);
    if (!database || database->texts.empty())
        return {};
    if (const auto added = find_added(*database, bank, approved.digest))
        return "added since: " + named(std::span(database->texts).subspan(added->first, added->count));
    return "it is not the approved one with something added; " + holds(*database) +
           (revokes(event.data)
                ? " (what it lost, the approved base image does not tell: import one that was "
                  "made anew)"
                : "");
}

} // namespace vouchsafe::appraisal
