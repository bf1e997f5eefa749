// inspect quote: a TPM's quote with its signature, key, nonce and PCR values, offline.
#include "appraisal/inspect_quote.h"
#include "cli/command.h"
#include "cli/commands_inspect.h"
#include "store/files.h"

namespace vouchsafe::cli {

namespace {

constexpr std::size_t most_file = std::size_t{1} << 20U;

struct Options {
    std::string attest, signature, ak;
    std::string nonce, pcrs; ///< empty: not given; given as empty: refused, for nothing would be checked
};

/// An empty shell variable must not turn a check off.
std::string not_empty(const std::string& value) {
    return value.empty() ? "must not be empty" : "";
}

void show_quote(const json::Value& quote) {
    Table checks({"CHECK", "PASSED", "DETAIL"});
    for (const json::Value& check : member(quote, "checks").as_array())
        checks.row(
            {cell(check, "name"), member(check, "passed").as_bool() ? "yes" : "no", cell(check, "detail")});
    print(checks.text());
    for (const json::Value& note : member(quote, "notes").as_array())
        say("note: " + note.as_string());
    print(member(quote, "verified").as_bool() ? "verified" : "not verified");
}

Result<appraisal::InspectReport> inspect(const Options& options) {
    VS_TRY(const Buffer attest, store::read_file(options.attest, most_file));
    Buffer signature;
    if (!options.signature.empty()) {
        VS_TRY(signature, store::read_file(options.signature, most_file));
    }
    VS_TRY(const Buffer ak, store::read_file(options.ak, most_file));
    appraisal::QuoteFiles files{.attest = attest, .signature = signature, .ak = ak, .nonce = {}, .pcrs = {}};
    Buffer nonce;
    if (!options.nonce.empty()) {
        const auto bytes = from_hex(options.nonce);
        if (!bytes)
            return fail(Errc::malformed, "inspect.nonce", "--nonce takes hexadecimal digits");
        nonce = *bytes;
        files.nonce = nonce;
    }
    Buffer pcrs;
    if (!options.pcrs.empty()) {
        VS_TRY(pcrs, store::read_file(options.pcrs, most_file));
        files.pcrs = pcrs;
    }
    return appraisal::inspect_quote(files);
}

} // namespace

void add_inspect_quote(CLI::App& inspect_group, Context& context) {
    add_command<Options>(
        inspect_group,
        context,
        "quote",
        "a TPM's quote: who signed it, over which nonce and PCR values",
        [](CLI::App& command, Options& options) {
            command
                .add_option("--attest",
                            options.attest,
                            "the signed structure: TPMS_ATTEST or TPM2B_ATTEST; or what keylime sends, with "
                            "signature and PCR values in it (\"r...:...:...\")")
                ->required();
            command.add_option(
                "--signature", options.signature, "TPMT_SIGNATURE, or a bare RSA signature or DER of ECDSA");
            command
                .add_option(
                    "--ak", options.ak, "the key: TPM2B_PUBLIC, TPMT_PUBLIC, PEM, DER, or a PEM certificate")
                ->required();
            command.add_option("--nonce", options.nonce, "the qualifying data that was asked for, as hex")
                ->check(not_empty);
            command
                .add_option("--pcrs",
                            options.pcrs,
                            "the PCR values: as tpm2_quote or tpm2_pcrread write them, lines of bank, PCR "
                            "and value, or the JSON of inspect eventlog")
                ->check(not_empty);
            command.footer("Quote, signature and key may be bytes, or text: hexadecimal, base64, or a JSON "
                           "array of byte "
                           "values.\n"
                           "Exit 0: every check that could be made passed; 1: one failed; 2: a file is "
                           "malformed. What could not be checked is said in a note.");
        },
        [&context](const Options& options) {
            const auto found = inspect(options);
            if (!found)
                return report(found.error());
            print_as(context.format, found->json, show_quote);
            return exit_for(found->verdict);
        });
}

} // namespace vouchsafe::cli
