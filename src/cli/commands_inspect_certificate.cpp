// inspect ek-certificate: from a TPM's certificate to a CA, offline.
#include "appraisal/inspect_certificate.h"
#include "cli/command.h"
#include "cli/commands_inspect.h"
#include "store/files.h"

#include <chrono>

namespace vouchsafe::cli {

namespace {

constexpr std::size_t most_file = std::size_t{4} << 20U;

struct Options {
    std::string file;
    std::vector<std::string> cas;
    bool registered = false;
};

void show_certificate(const json::Value& found) {
    Table path({"SUBJECT", "KEY", "UNTIL", "SHA-256"});
    for (const json::Value& one : member(found, "path").as_array())
        path.row({cell(one, "subject"), cell(one, "key"), cell(one, "not_after"), cell(one, "sha256")});
    if (member(found, "verified").as_bool())
        print(path.text());
    if (const json::Value& tpm = member(found, "tpm"); tpm.is_object())
        print("TPM: " +
              printable(cell(tpm, "manufacturer") + " " + cell(tpm, "model") + " " + cell(tpm, "version")));
    const json::Value& reason = member(found, "reason");
    print(reason.is_null()
              ? "verified"
              : "not verified: " + printable(cell(reason, "code") + ": " + cell(reason, "message")));
}

Result<appraisal::InspectReport> inspect(const Options& options) {
    VS_TRY(const Buffer certificate,
           store::read_file(options.file == "-" ? "/dev/stdin" : options.file, most_file));
    std::vector<Buffer> cas;
    for (const std::string& file : options.cas) {
        VS_TRY(Buffer ca, store::read_file(file, most_file));
        cas.push_back(std::move(ca));
    }
    const auto now = std::chrono::floor<SysTime::duration>(std::chrono::system_clock::now());
    return appraisal::inspect_ek_certificate(
        certificate, cas, now, options.registered ? crypto::Expiry::tolerated : crypto::Expiry::refused);
}

} // namespace

void add_inspect_certificate(CLI::App& inspect_group, Context& context) {
    add_command<Options>(
        inspect_group,
        context,
        "ek-certificate",
        "an endorsement key's certificate: the path to a CA, or why there is none",
        [](CLI::App& command, Options& options) {
            command
                .add_option("file",
                            options.file,
                            "DER, PEM, or the contents of the TPM's NV index; - for standard input")
                ->required();
            command
                .add_option(
                    "--ca", options.cas, "CA certificates that are trusted: PEM bundles, DER or PKCS#7 files")
                ->required();
            command.add_flag("--registered",
                             options.registered,
                             "judge as for a registered key: certificates may have expired");
            command.footer(
                "Intermediates may follow the certificate in its PEM file, or be among the CAs. Nothing is "
                "fetched from an address in a certificate. Exit 0: a path leads to a CA; 1: none does; 2: a "
                "file is malformed.");
        },
        [&context](const Options& options) {
            const auto found = inspect(options);
            if (!found)
                return report(found.error());
            print_as(context.format, found->json, show_certificate);
            return exit_for(found->verdict);
        });
}

} // namespace vouchsafe::cli
