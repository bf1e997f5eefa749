// inspect blob: what the wrapped key of a VM says about itself.
#include "cli/command.h"
#include "cli/commands_inspect.h"
#include "crypto/digest.h"
#include "keyprovider/blob_file.h"
#include "store/files.h"

#include <algorithm>
#include <optional>

namespace vouchsafe::cli {

namespace {

struct Options {
    std::string file;
    std::string provider_uid;
    std::string digest;
    std::string vm;
};

json::Value check(std::string_view name, bool passed, const std::string& detail) {
    return json::object({{"name", name}, {"passed", passed}, {"detail", passed ? "" : detail}});
}

/// What was asked for, against what the file says.
Result<json::Array> checks_of(const keyprovider::BlobFile& file, const Options& options) {
    json::Array out;
    if (!options.provider_uid.empty()) {
        VS_TRY(const auto expected, keyprovider::provider_uid_from_text(options.provider_uid));
        out.push_back(
            check("blob.provider", file.blob.key.provider == expected, "wrapped for another provider"));
    }
    if (!options.digest.empty()) {
        VS_TRY(const Buffer digest, from_hex(options.digest));
        if (digest.size() != crypto::Sha256Digest().size() || to_hex(digest) != options.digest)
            return fail(Errc::malformed, "digest", "--digest takes 64 hex digits in lower case");
        out.push_back(check("blob.digest",
                            keyprovider::blob_digest(file.bytes) == options.digest,
                            "not the blob of that digest"));
    }
    if (!options.vm.empty()) {
        if (!is_uuid(options.vm))
            return fail(Errc::malformed, "vm", "--vm takes a UUID in lower case");
        out.push_back(
            check("blob.vm",
                  file.context && file.context->vm.text == options.vm,
                  file.context ? "kept with another virtual machine" : "the file does not say whose it is"));
    }
    return out;
}

json::Value report_json(const keyprovider::BlobFile& file, json::Array checks) {
    const keyprovider::Blob& blob = file.blob;
    constexpr std::size_t tag = 16;
    json::Value context;
    if (file.context)
        context = json::object({{"key_id", file.context->key_id}, {"vm", file.context->vm.text}});
    json::Value provider;
    if (file.provider)
        provider = *file.provider;
    const bool verified =
        std::ranges::all_of(checks, [](const json::Value& one) { return one.find("passed")->as_bool(); });
    const auto size = [](std::size_t bytes) { return static_cast<std::int64_t>(bytes); };
    // parse_blob takes one version, scheme and algorithm
    return json::object({{"form", to_string(file.form)},
                         {"version", 1},
                         {"scheme", 1},
                         {"provider_uid", to_hex(blob.key.provider)},
                         {"generation", static_cast<std::int64_t>(blob.key.generation)},
                         {"algorithm", "AES-256-GCM"},
                         {"nonce", to_hex(blob.nonce)},
                         {"sizes",
                          json::object({{"blob", size(file.bytes.size())},
                                        {"header", size(file.bytes.size() - blob.sealed.size())},
                                        {"key", size(blob.sealed.size() - tag)},
                                        {"tag", size(tag)}})},
                         {"digest", keyprovider::blob_digest(file.bytes)},
                         {"provider", std::move(provider)},
                         {"context", std::move(context)},
                         {"verified", verified},
                         {"checks", std::move(checks)}});
}

void show_blob(const json::Value& found) {
    Table table({"FIELD", "VALUE"});
    for (const auto* const field :
         {"form", "version", "scheme", "provider_uid", "generation", "algorithm", "nonce", "digest"})
        table.row({field, cell(found, field)});
    for (const auto& [name, bytes] : member(found, "sizes").as_object())
        table.row({"sizes/" + name, std::to_string(bytes.as_integer())});
    table.row({"provider", printable(cell(found, "provider"))});
    for (const auto* const field : {"key_id", "vm"})
        table.row({"context/" + std::string(field), cell(member(found, "context"), field)});
    print(table.text());
    for (const json::Value& one : member(found, "checks").as_array())
        print(cell(one, "name") +
              (member(one, "passed").as_bool() ? ": as expected" : ": " + cell(one, "detail")));
}

Result<json::Value> inspect(const Options& options) {
    VS_TRY(const Buffer bytes,
           store::read_file(options.file == "-" ? "/dev/stdin" : options.file,
                            keyprovider::max_blob_file_bytes));
    VS_TRY(const keyprovider::BlobFile file, keyprovider::read_blob_file(bytes));
    VS_TRY(json::Array checks, checks_of(file, options));
    return report_json(file, std::move(checks));
}

} // namespace

void add_inspect_blob(CLI::App& inspect_group, Context& context) {
    add_command<Options>(
        inspect_group,
        context,
        "blob",
        "the wrapped key of a virtual machine: which provider and generation wrapped it, and for whom",
        [](CLI::App& command, Options& options) {
            command
                .add_option("file",
                            options.file,
                            "a blob, binary, in hex or base64; or JSON that has one, as vouchsafe.json "
                            "beside the disk or `vouchsafe vm show --output json`; - for standard input")
                ->required();
            command.add_option(
                "--provider-uid", options.provider_uid, "it must be of this provider (32 hex digits)");
            command.add_option(
                "--digest", options.digest, "it must be the blob that an audit record names by this digest");
            command.add_option("--vm", options.vm, "the file must say that it is this one's (UUID)");
            command.footer("No key is needed and none is shown; whether the blob opens is known to the "
                           "provider's key server alone. Which wrapping made it, fetch or remote, no blob "
                           "tells: they make the same. Exit 0: fine; 1: it is not what the options want; "
                           "2: it is malformed.");
        },
        [&context](const Options& options) { return show_verified(context, inspect(options), show_blob); });
}

} // namespace vouchsafe::cli
