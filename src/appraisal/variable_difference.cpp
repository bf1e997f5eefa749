#include "appraisal/variable_difference.h"

#include "appraisal/replay.h"
#include "base/reader.h"
#include "crypto/x509.h"
#include "eventlog/event_data.h"
#include "eventlog/signature_list.h"

#include <algorithm>
#include <cstdint>
#include <optional>
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

std::string text_of(const eventlog::Signature& signature, const std::string& type) {
    if (type == "x509")
        if (const auto certificate =
                crypto::Certificate::from_der(signature.data, crypto::Padding::tolerated))
            return "X.509 certificate " + certificate->subject();
    constexpr std::size_t shown = 32; // a digest, or the beginning of what is longer
    return type + " " + to_hex(signature.data.first(std::min(signature.data.size(), shown)));
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

std::string named(const Database& database, Span span) {
    std::string out;
    for (std::size_t i = 0; i < std::min(span.count, most_named); ++i)
        out += (i == 0 ? "" : ", ") + database.texts[span.first + i];
    if (span.count > most_named)
        out += ", and " + std::to_string(span.count - most_named) + " more";
    return out;
}

} // namespace

std::string variable_difference(const eventlog::Event& event, Algorithm bank, Bytes approved) {
    if (event.type != eventlog::type::efi_variable_driver_config || !can_hash(bank) ||
        !data_is_measured(event))
        return {};
    const auto database = read_database(event.data);
    if (!database || database->texts.empty())
        return {};
    if (const auto added = find_added(*database, bank, approved))
        return "added since: " + named(*database, *added);
    const std::size_t count = database->texts.size();
    return "it is not the approved one with something added; now it holds " + std::to_string(count) +
           (count == 1 ? " entry: " : " entries: ") + named(*database, {.first = 0, .count = count});
}

} // namespace vouchsafe::appraisal
