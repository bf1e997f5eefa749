// inspect ttlv: a KMIP message from one form to another, offline.
#include "cli/command.h"
#include "cli/commands_inspect.h"
#include "kmipforms/forms.h"
#include "kmipforms/remarks.h"
#include "store/files.h"
#include "ttlv/codec.h"

#include <chrono>

namespace vouchsafe::cli {

namespace {

struct Options {
    std::string from = "binary";
    std::string to = "text";
    std::vector<std::string> set;
    bool lenient = false;
    bool show_secrets = false;
    std::string file;
};

constexpr ttlv::Limits limits; // what the key service reads, too
constexpr std::size_t longest_form = 8 * limits.bytes;

/// NAME=VALUE, with or without the $ before the name.
Result<kmipforms::Placeholders> placeholders(const std::vector<std::string>& pairs) {
    kmipforms::Placeholders out;
    for (const std::string& pair : pairs) {
        const std::size_t equals = pair.find('=');
        const std::size_t start = pair.starts_with('$') ? 1 : 0;
        if (equals == std::string::npos || equals == start)
            return fail(Errc::malformed, "inspect.set", "--set takes NAME=VALUE");
        out[pair.substr(start, equals - start)] = pair.substr(equals + 1);
    }
    return out;
}

Result<ttlv::Item> read(const Options& options) {
    VS_TRY(const Buffer content,
           store::read_file(options.file == "-" ? "/dev/stdin" : options.file, longest_form));
    const auto padding = options.lenient ? ttlv::Padding::ignored : ttlv::Padding::must_be_zero;
    if (options.from == "binary")
        return ttlv::parse(content, limits, padding);
    if (options.from == "hex") {
        VS_TRY(const Buffer bytes, kmipforms::from_hex_text(as_text(content)));
        return ttlv::parse(bytes, limits, padding);
    }
    VS_TRY(auto filled, placeholders(options.set));
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const kmipforms::Reading reading{.limits = limits, .placeholders = std::move(filled), .now = now};
    return options.from == "xml" ? kmipforms::from_xml(as_text(content), reading)
                                 : kmipforms::from_json(as_text(content), reading);
}

Result<std::string> form_of(const ttlv::Item& message, const Options& options) {
    if (options.to == "xml")
        return kmipforms::to_xml(message);
    if (options.to == "json")
        return json_text(kmipforms::to_json_value(message));
    if (options.to == "hex")
        return to_hex(ttlv::encode(message));
    return ttlv::describe(message, options.show_secrets ? ttlv::Secrets::shown : ttlv::Secrets::hidden);
}

Exit inspect(const Options& options) {
    const auto message = read(options);
    if (!message)
        return report(message.error());
    const auto form = form_of(*message, options);
    if (!form)
        return report(form.error());
    print(*form);
    for (const std::string& remark : kmipforms::remarks(*message))
        say("note: " + remark);
    return Exit::fine;
}

} // namespace

void add_inspect_ttlv(CLI::App& inspect_group, Context& context) {
    add_command<Options>(
        inspect_group,
        context,
        "ttlv",
        "a KMIP message: what it says, and from one form to another",
        [](CLI::App& command, Options& options) {
            command.add_option("--from", options.from, "the form of the file: binary, hex, xml or json")
                ->check(CLI::IsMember({"binary", "hex", "xml", "json"}))
                ->capture_default_str();
            command.add_option("--to", options.to, "the form to print: text (for reading), xml, json or hex")
                ->check(CLI::IsMember({"text", "xml", "json", "hex"}))
                ->capture_default_str();
            command
                .add_option(
                    "--set",
                    options.set,
                    "NAME=VALUE: what stands for $NAME in XML or JSON; an instant $NOW is now unless set")
                ->allow_extra_args(false);
            command.add_flag(
                "--lenient", options.lenient, "take padding that is not zero, as some servers send it");
            command.add_flag("--show-secrets",
                             options.show_secrets,
                             "print keys and passwords in the text form; the other forms always have them");
            command.add_option("file", options.file, describe_argument("file"))->required();
            command.footer(
                "A file holds one message: in XML one RequestMessage or ResponseMessage element. "
                "Exit 0: it is well-formed; 2: it is not, and the message says at which byte, line "
                "or item. Notes on tags and values that its version of KMIP does not have go to "
                "standard error.");
        },
        [](const Options& options) { return inspect(options); });
}

} // namespace vouchsafe::cli
