// inspect token: an attestation result, what it claims, and whether an authority cluster signed it.
#include "cli/command.h"
#include "cli/commands_inspect.h"
#include "crypto/signature.h"
#include "json/parse.h"
#include "token/results.h"
#include "token/services.h"

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

namespace vouchsafe::cli {

namespace {

struct Options {
    std::string file;
    std::string services;
    std::string anchor;
    std::string key;
    std::string at;
};

/// A result as it came: nothing here is believed.
struct Shown {
    std::string text;
    std::string typ;
    json::Value header;
    json::Value claims;

    bool is(std::string_view wanted) const { return typ == wanted; }
};

/// Who may have signed it, and for which group.
struct Signers {
    std::string group;
    token::KeySet keys;
};

Result<Shown> take_apart(std::string text) {
    constexpr std::string_view space = " \t\r\n";
    text.erase(text.find_last_not_of(space) + 1);
    text.erase(0, text.find_first_not_of(space));
    VS_TRY(token::CompactJws parts, token::parse_compact(text));
    VS_TRY(json::Value claims, json::parse(as_text(parts.payload)));
    if (!claims.is_object())
        return fail(Errc::malformed, "token.form", "the claims are not an object");
    std::string typ = cell(parts.header, "typ");
    return Shown{.text = std::move(text),
                 .typ = std::move(typ),
                 .header = std::move(parts.header),
                 .claims = std::move(claims)};
}

/// A public key on its own says nothing about the cluster: the group is the one that the token names.
Result<Signers> signers_of_key(const std::string& file, const Shown& shown) {
    VS_TRY(const std::string text, read_text(file));
    Signers out;
    constexpr std::string_view prefix = "urn:vouchsafe:";
    if (const std::string issuer = cell(shown.claims, "iss"); issuer.starts_with(prefix))
        out.group = issuer.substr(prefix.size());
    if (text.starts_with('{')) {
        VS_TRY(const json::Value value, json::parse(text));
        VS_TRY(const crypto::EcPublicKey key, token::key_from_jwk(value, "key"));
        out.keys.add(key);
        return out;
    }
    VS_TRY(const crypto::PublicKey key, crypto::public_key_from_pem(text));
    const auto* const ec = std::get_if<crypto::EcPublicKey>(&key);
    if (ec == nullptr)
        return fail(Errc::malformed, "key", "results are signed by ES256: an EC key on P-256 is wanted");
    out.keys.add(*ec);
    return out;
}

Result<Signers> signers_of_services(const Options& options, const Shown& shown, SysTime now) {
    VS_TRY(const std::string text, read_text(options.services));
    VS_TRY(const json::Value value, json::parse(text));
    const json::Value* const exported = value.is_object() ? value.find("document") : nullptr;
    VS_TRY(const token::VerifiedServices services,
           token::verify_services({.document = exported == nullptr ? value : *exported,
                                   .anchor = options.anchor,
                                   .least_version = 0,
                                   .now = now}));
    const auto use = shown.is(token::reporting_typ) ? token::KeyUse::report : token::KeyUse::token;
    return Signers{.group = services.information().group, .keys = services.keys(use)};
}

Result<void> verify(const Shown& shown, const Options& options, SysTime now) {
    if (!shown.is(token::key_access_typ) && !shown.is(token::reporting_typ))
        return fail(Errc::untrusted, "token.typ", "neither a key access token nor a reporting token");
    if (options.key.empty() && options.services.empty())
        return fail(Errc::untrusted,
                    "token.unchecked",
                    "nothing says whose key may have signed it; give --services and --anchor, or --key");
    VS_TRY(const Signers signers,
           options.key.empty() ? signers_of_services(options, shown, now)
                               : signers_of_key(options.key, shown));
    if (shown.is(token::reporting_typ)) {
        VS_TRY_VOID(token::verify_reporting(shown.text, signers.group, signers.keys, now));
    } else {
        VS_TRY_VOID(token::verify_key_access(shown.text, signers.group, signers.keys, now));
    }
    return {};
}

json::Value report_json(const Shown& shown, const Result<void>& verified) {
    json::Value kind;
    if (shown.is(token::key_access_typ))
        kind = "key-access";
    else if (shown.is(token::reporting_typ))
        kind = "reporting";
    json::Value reason;
    if (!verified)
        reason = json::object({{"code", verified.error().where}, {"message", verified.error().detail}});
    return json::object({{"kind", std::move(kind)},
                         {"verified", verified.has_value()},
                         {"reason", std::move(reason)},
                         {"header", shown.header},
                         {"claims", shown.claims}});
}

/// "2026-11-24T10:00:00.000Z" of a NumericDate; as it is where it is none.
std::string time_cell(const json::Value& claims, std::string_view name) {
    const json::Value& value = member(claims, name);
    constexpr std::int64_t last = 253'402'300'799; // of the year 9999
    if (!value.is_integer() || value.as_integer() < 0 || value.as_integer() > last)
        return cell(claims, name);
    return to_text(from_seconds(value.as_integer()));
}

/// The members of an object as rows, nested ones by their path; what comes with a token is bounded by its
/// size.
void rows_of(Table& table, const std::string& path, const json::Value& object) {
    for (const auto& [name, value] : object.as_object()) {
        const std::string below = path.empty() ? name : path + "/" + name;
        if (value.is_object())
            rows_of(table, below, value);
        else if (path.empty() && (name == "iat" || name == "nbf" || name == "exp"))
            table.row({below, time_cell(object, name)});
        else
            table.row({printable(below), printable(cell(object, name))});
    }
}

void show_token(const json::Value& found) {
    Table table({"CLAIM", "VALUE"});
    rows_of(table, "", member(found, "claims"));
    print(table.text());
    const json::Value& reason = member(found, "reason");
    print(reason.is_null()
              ? "verified: " + cell(found, "kind") + " token"
              : "not verified: " + printable(cell(reason, "code") + ": " + cell(reason, "message")));
}

Result<json::Value> inspect(const Options& options) {
    VS_TRY(std::string text, read_text(options.file, token::max_jwt_bytes));
    VS_TRY(const Shown shown, take_apart(std::move(text)));
    auto now = std::chrono::floor<SysTime::duration>(std::chrono::system_clock::now());
    if (!options.at.empty()) {
        VS_TRY(now, time_from_text(options.at));
    }
    const Result<void> verified = verify(shown, options, now);
    // the token was read; what else is missing or malformed is the caller's mistake
    if (!verified && verified.error().code == Errc::not_found)
        return std::unexpected(verified.error());
    return report_json(shown, verified);
}

} // namespace

void add_inspect_token(CLI::App& inspect_group, Context& context) {
    add_command<Options>(
        inspect_group,
        context,
        "token",
        "an attestation result: what it claims, and whether an authority cluster signed it",
        [](CLI::App& command, Options& options) {
            command.add_option("file", options.file, "key access or reporting token; - for standard input")
                ->required();
            CLI::Option* const anchor =
                command.add_option("--anchor", options.anchor, "of the cluster, which vouches for its keys");
            CLI::Option* const services =
                command.add_option("--services",
                                   options.services,
                                   "services information, as `vouchsafe authority services` prints it");
            CLI::Option* const key =
                command.add_option("--key",
                                   options.key,
                                   "the one key that may have signed it, PEM or JWK, in place of --services");
            services->needs(anchor);
            anchor->needs(services);
            key->excludes(services);
            command.add_option("--at", options.at, "verify as of this time (RFC 3339, UTC) instead of now");
            command.footer(
                "Without keys the claims are shown, and nothing is verified. Exit 0: verified; 1: it "
                "does not verify; 2: it is malformed.");
        },
        [&context](const Options& options) { return show_verified(context, inspect(options), show_token); });
}

} // namespace vouchsafe::cli
