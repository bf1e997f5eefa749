#include "tpm/pcr.h"

#include "tpm/wire.h"

#include <cstddef>
#include <string>

namespace vouchsafe::tpm {

namespace {

constexpr std::size_t most_banks = 8;
constexpr std::uint8_t select_size = pcr_count / 8;

} // namespace

Result<PcrSelectionList> read_selection(Reader& reader) {
    VS_TRY(const auto count, reader.big<std::uint32_t>("selection.count"));
    if (count > most_banks)
        return fail(Errc::too_large, "selection.count", "more banks than any TPM has");
    PcrSelectionList out;
    for (std::uint32_t i = 0; i < count; ++i) {
        PcrSelection selection;
        VS_TRY(selection.bank, wire::read_hash(reader, "selection.bank"));
        for (const PcrSelection& other : out)
            if (other.bank == selection.bank)
                return fail(Errc::malformed, "selection.bank", "the same bank twice");
        VS_TRY(const auto size, reader.big<std::uint8_t>("selection.size"));
        if (size != select_size)
            return fail(Errc::malformed, "selection.size", "not three bytes");
        VS_TRY(const Bytes select, reader.take(size, "selection.bits"));
        for (std::size_t octet = 0; octet < select.size(); ++octet)
            selection.bits |= std::uint32_t{select[octet]} << (8U * octet);
        out.push_back(selection);
    }
    return out;
}

Buffer encode(const PcrSelectionList& selection) {
    Writer writer;
    writer.big(static_cast<std::uint32_t>(selection.size()));
    for (const PcrSelection& one : selection) {
        wire::write_alg(writer, to_alg_id(one.bank));
        writer.big(select_size);
        for (unsigned octet = 0; octet < select_size; ++octet)
            writer.big(static_cast<std::uint8_t>(one.bits >> (8U * octet)));
    }
    return writer.done();
}

Result<Buffer> pcr_digest(crypto::HashAlg hash, const PcrSelectionList& selection, const PcrValues& values) {
    constexpr std::string_view where = "quote.pcr_values";
    crypto::Hasher hasher(hash);
    std::size_t banks_used = 0;
    for (const PcrSelection& one : selection) {
        const auto bank = values.find(one.bank);
        if (bank == values.end()) {
            if (one.bits != 0)
                return fail(Errc::untrusted, where, "a selected bank is missing");
            continue;
        }
        if (one.bits == 0)
            return fail(Errc::untrusted, where, "values of a bank of which nothing is selected");
        ++banks_used;
        for (const auto& [pcr, value] : bank->second) {
            if (!one.has(pcr))
                return fail(Errc::untrusted, where, "a value of a PCR that is not selected");
            if (value.size() != crypto::digest_size(one.bank))
                return fail(Errc::untrusted, where, "a value of another size than its bank's");
        }
        for (unsigned pcr = 0; pcr < pcr_count; ++pcr) {
            if (!one.has(pcr))
                continue;
            const auto value = bank->second.find(pcr);
            if (value == bank->second.end())
                return fail(Errc::untrusted, where, "the value of a selected PCR is missing");
            hasher.update(value->second);
        }
    }
    if (banks_used != values.size())
        return fail(Errc::untrusted, where, "values of a bank that is not selected");
    return hasher.finish();
}

} // namespace vouchsafe::tpm
