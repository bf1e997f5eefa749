#include "appraisal/quote_files.h"

#include "appraisal/quote_text.h"
#include "base/reader.h"
#include "eventlog/algorithm.h"
#include "json/parse.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vouchsafe::appraisal {

namespace {

constexpr std::string_view where = "quote.pcrs";
constexpr std::size_t longest_pcrs = std::size_t{1} << 20U;

/// A TPM2B's content; a structure that begins otherwise is given as it is.
Bytes without_size(Bytes file) {
    constexpr std::size_t size_bytes = 2;
    Reader reader(file);
    const auto size = reader.big<std::uint16_t>("size");
    return size && *size == file.size() - size_bytes ? file.subspan(size_bytes) : file;
}

std::optional<crypto::HashAlg> bank_from(std::string_view text) {
    const auto algorithm = eventlog::algorithm_from_text(text);
    return algorithm ? tpm::to_hash(tpm::AlgId{std::to_underlying(*algorithm)}) : std::nullopt;
}

std::optional<unsigned> pcr_from(std::string_view text) {
    unsigned pcr = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pcr);
    if (error != std::errc{} || end != text.data() + text.size() || pcr >= tpm::pcr_count)
        return {};
    return pcr;
}

std::optional<Buffer> value_from(std::string_view text, crypto::HashAlg bank) {
    if (text.starts_with("0x") || text.starts_with("0X"))
        text.remove_prefix(2);
    auto value = from_hex(text);
    if (!value || value->size() != crypto::digest_size(bank))
        return {};
    return *std::move(value);
}

std::unexpected<Error> bad_line(std::size_t line, const std::string& what) {
    return fail(Errc::malformed, where, "line " + std::to_string(line) + ": " + what);
}

std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view between = " \t\r=:,";
    std::vector<std::string_view> words;
    while (true) {
        line.remove_prefix(std::min(line.find_first_not_of(between), line.size()));
        if (line.empty())
            return words;
        const std::size_t end = std::min(line.find_first_of(between), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

/// Reads lines; a table's heading and values that are not known ("-") say nothing.
class Lines {
public:
    Result<void> take(std::string_view line) {
        ++number_;
        std::vector<std::string_view> words = words_of(line);
        if (words.empty() || words.front().starts_with('#') || words.front() == "bank")
            return {};
        if (const auto bank = bank_from(words.front())) {
            bank_ = bank;
            words.erase(words.begin());
        }
        if (words.empty())
            return {};
        const auto pcr = pcr_from(words.front());
        if (!bank_ || !pcr || words.size() < 2)
            return bad_line(number_, "no bank, PCR and value");
        const std::string_view text = words.back() == "-" ? words[1] : words.back();
        if (text == "-")
            return {};
        auto value = value_from(text, *bank_);
        if (!value)
            return bad_line(number_, "not a value of its bank");
        if (!values_[*bank_].emplace(*pcr, *std::move(value)).second)
            return bad_line(number_, "the same PCR twice");
        return {};
    }

    tpm::PcrValues done() { return std::move(values_); }

private:
    std::size_t number_ = 0;
    std::optional<crypto::HashAlg> bank_;
    tpm::PcrValues values_;
};

Result<tpm::PcrValues> from_lines(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        VS_TRY_VOID(lines.take(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines.done();
}

Result<tpm::PcrValues> from_json(std::string_view text) {
    VS_TRY(const json::Value document, json::parse(text));
    const json::Value* banks = document.find("pcrs");
    if (banks == nullptr)
        banks = &document;
    if (!banks->is_object())
        return fail(Errc::malformed, where, "no banks");
    tpm::PcrValues out;
    for (const auto& [name, values] : banks->as_object()) {
        const auto bank = bank_from(name);
        if (!bank)
            continue; // such as what a kernel without the bank's hash leads to
        if (!values.is_object())
            return fail(Errc::malformed, where, name + ": no object");
        for (const auto& [index, text_value] : values.as_object()) {
            const auto pcr = pcr_from(index);
            auto value = text_value.is_string() ? value_from(text_value.as_string(), *bank) : std::nullopt;
            if (!pcr || !value)
                return fail(Errc::malformed, where, name + ": not a PCR and its value");
            out[*bank][*pcr] = *std::move(value);
        }
    }
    return out;
}

/// Deals out digests in the order of the selection. `next(size)` gives one.
template <class Next> Result<tpm::PcrValues> deal(const tpm::PcrSelectionList& selection, const Next& next) {
    tpm::PcrValues out;
    for (const tpm::PcrSelection& one : selection)
        for (unsigned pcr = 0; pcr < tpm::pcr_count; ++pcr)
            if (one.has(pcr)) {
                VS_TRY(const Bytes value, next(crypto::digest_size(one.bank)));
                out[one.bank][pcr] = to_buffer(value);
            }
    return out;
}

std::size_t size_of_values(const tpm::PcrSelectionList& selection) {
    std::size_t size = 0;
    for (const tpm::PcrSelection& one : selection)
        for (unsigned pcr = 0; pcr < tpm::pcr_count; ++pcr)
            size += one.has(pcr) ? crypto::digest_size(one.bank) : 0;
    return size;
}

/// The C structures of the TSS as they lie in memory: fixed arrays, and counts of what is used of them.
Result<tpm::PcrValues> from_serialised(Bytes file, const tpm::PcrSelectionList& selection) {
    constexpr std::size_t selections_bytes = 4 + 16 * 8; // TPML_PCR_SELECTION
    constexpr std::size_t digests_in_list = 8;           // TPML_DIGEST
    constexpr std::size_t digest_bytes = 64;             // the buffer of a TPM2B_DIGEST
    Reader in(file);
    VS_TRY_VOID(in.take(selections_bytes, where));
    VS_TRY(const auto lists, in.little<std::uint32_t>(where));
    std::vector<Bytes> digests;
    for (std::uint32_t list = 0; list < lists; ++list) {
        VS_TRY(const auto used, in.little<std::uint32_t>(where));
        for (std::size_t index = 0; index < digests_in_list; ++index) {
            VS_TRY(const auto size, in.little<std::uint16_t>(where));
            VS_TRY(const Bytes buffer, in.take(digest_bytes, where));
            if (index < used && size <= digest_bytes)
                digests.push_back(buffer.first(size));
        }
    }
    VS_TRY_VOID(in.finish(where));
    auto digest = digests.cbegin();
    return deal(selection, [&](std::size_t size) -> Result<Bytes> {
        if (digest == digests.cend() || digest->size() != size)
            return fail(Errc::malformed, where, "other values than the quote's selection");
        return *digest++;
    });
}

Result<tpm::PcrValues> all_values(Bytes file, const tpm::PcrSelectionList& selection) {
    if (is_text(file)) {
        const std::string_view text = as_text(file);
        const std::size_t start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
        return text.substr(start).starts_with('{') ? from_json(text) : from_lines(text);
    }
    if (file.size() != size_of_values(selection))
        return from_serialised(file, selection);
    Reader in(file);
    return deal(selection, [&in](std::size_t size) { return in.take(size, where); });
}

} // namespace

Result<SigningKey> read_signing_key(Bytes file) {
    constexpr std::uint8_t der_sequence = 0x30;
    if (as_text(file).starts_with("-----BEGIN")) {
        VS_TRY(crypto::PublicKey key, crypto::public_key_from_pem(as_text(file)));
        return SigningKey{.key = std::move(key), .area = {}};
    }
    if (!file.empty() && file.front() == der_sequence) {
        VS_TRY(crypto::PublicKey key, crypto::public_key_from_spki_der(file));
        return SigningKey{.key = std::move(key), .area = {}};
    }
    VS_TRY(tpm::PublicArea area, tpm::parse_public_area(without_size(file)));
    VS_TRY(crypto::PublicKey key, tpm::public_key_of(area));
    return SigningKey{.key = std::move(key), .area = std::move(area)};
}

Bytes read_attest(Bytes file) {
    return without_size(file);
}

Result<SignatureFile> read_signature(Bytes file, const crypto::PublicKey& key) {
    auto signature = tpm::parse_signature(file);
    if (signature)
        return SignatureFile{.signature = *std::move(signature)};
    tpm::Signature bare{.scheme = tpm::AlgId::rsassa, .hash = tpm::AlgId::sha256, .value = {}};
    if (std::holds_alternative<crypto::RsaPublicKey>(key)) {
        constexpr std::size_t least = 256;
        constexpr std::size_t most = 512;
        if (file.size() < least || file.size() > most)
            return std::unexpected(signature.error());
        bare.value = tpm::RsaSignature{.bytes = to_buffer(file)};
        return SignatureFile{.signature = std::move(bare), .bare = true};
    }
    constexpr std::size_t coordinate = 48; // of P-384; leading zeros do no harm
    const auto halves = crypto::ecdsa_from_der(file, coordinate);
    if (!halves)
        return std::unexpected(signature.error());
    bare.scheme = tpm::AlgId::ecdsa;
    bare.value = tpm::EcdsaSignature{.r = Buffer(halves->begin(), halves->begin() + coordinate),
                                     .s = Buffer(halves->begin() + coordinate, halves->end())};
    return SignatureFile{.signature = std::move(bare), .bare = true};
}

Result<tpm::PcrValues> read_pcr_values(Bytes file, const tpm::PcrSelectionList& selection) {
    if (file.size() > longest_pcrs)
        return fail(Errc::too_large, where, std::to_string(file.size()) + " bytes");
    VS_TRY(tpm::PcrValues all, all_values(file, selection));
    tpm::PcrValues out;
    for (const tpm::PcrSelection& one : selection)
        for (auto& [pcr, value] : all[one.bank])
            if (one.has(pcr))
                out[one.bank].emplace(pcr, std::move(value));
    return out;
}

} // namespace vouchsafe::appraisal
