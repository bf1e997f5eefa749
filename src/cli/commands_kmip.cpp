// kmip probe: what a key server can do, before a provider is made on it.
#include "cli/command.h"
#include "cli/device_options.h"
#include "crypto/random.h"
#include "crypto/x509.h"
#include "kmip/examination.h"
#include "net/kmip_transport.h"
#include "store/files.h"

#include <algorithm>
#include <chrono>

namespace vouchsafe::cli {

namespace {

constexpr std::uint16_t kmip_port = 5696;
constexpr std::uint16_t proxy_port = 3128;
constexpr std::size_t most_file = std::size_t{1} << 20U;

struct Options {
    std::string server;
    std::string certificate;
    std::string key;
    std::string ca;
    std::string pin;
    std::string user;
    std::string password_file;
    DeviceOptions device;
    std::string proxy;
    std::vector<std::string> resolve;
    int timeout = 5;
    bool read_only = false;
};

/// net's transport as kmip's port.
class Way final : public kmip::Transport {
public:
    explicit Way(net::KmipTransport& transport) : transport_(transport) {}

    Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override {
        return transport_.exchange(request, deadline);
    }

private:
    net::KmipTransport& transport_;
};

net::Deadline deadline_of(const Options& options) {
    return std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout);
}

/// The 32 bytes of a fingerprint as openssl prints it, or without colons.
Result<Buffer> fingerprint(std::string_view text) {
    std::string digits;
    for (const char c : text)
        if (c != ':')
            digits += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    auto bytes = from_hex(digits);
    if (!bytes || bytes->size() != std::tuple_size_v<crypto::Sha256Digest>)
        return fail(Errc::malformed, "kmip.pin", "--pin takes the SHA-256 of a certificate: 64 hex digits");
    return bytes;
}

/// The certificate that the server shows, if it is the pinned one; from then on it and no other is believed.
Result<net::ServerTrust>
pinned(const net::PeerAddress& server, const net::ResolveMap& resolve, const Options& options) {
    VS_TRY(const Buffer wanted, fingerprint(options.pin));
    VS_TRY(const std::string pem, net::fetch_peer_certificate(server, resolve, deadline_of(options)));
    VS_TRY(const auto certificate, crypto::Certificate::from_pem(pem));
    const auto shown = certificate.fingerprint();
    if (!same_bytes(shown, wanted))
        return fail(Errc::untrusted,
                    "kmip.pin",
                    "the server shows another certificate than the pinned one; its SHA-256 is " +
                        to_hex(shown));
    return net::PinnedCertificates{.pem = {pem}};
}

Result<net::ServerTrust>
trust_of(const net::PeerAddress& server, const net::ResolveMap& resolve, const Options& options) {
    if (!options.pin.empty())
        return pinned(server, resolve, options);
    VS_TRY(std::string pem, read_text(options.ca, most_file));
    return net::TrustedCa{.certificates_pem = std::move(pem)};
}

Result<std::optional<kmip::Credential>> credential_of(const Options& options) {
    const DeviceOptions& device = options.device;
    if (options.user.empty() && !device.any())
        return std::nullopt;
    kmip::Credential out{.username = options.user, .password = Secret()};
    if (!options.password_file.empty()) {
        VS_TRY(out.password, read_secret(options.password_file, {}));
    }
    if (device.any())
        out.device = kmip::Device{.serial_number = device.serial_number,
                                  .password = Secret(),
                                  .device_identifier = device.device_identifier,
                                  .network_identifier = device.network_identifier,
                                  .machine_identifier = device.machine_identifier,
                                  .media_identifier = device.media_identifier};
    if (out.device && !device.password_file.empty()) {
        VS_TRY(out.device->password, read_secret(device.password_file, {}));
    }
    return out;
}

kmip::ExaminationInput input_of(const Options& options) {
    crypto::SystemRandom random;
    Buffer suffix(8);
    random.fill(suffix);
    kmip::ExaminationInput out{.name = "vouchsafe-probe-" + to_hex(suffix),
                               .plain = Secret(std::size_t{32}),
                               .nonce = Buffer(kmip::aead_nonce_size),
                               .trial = options.read_only ? kmip::Trial::read_only : kmip::Trial::whole,
                               .deadline = [&options] { return deadline_of(options); }};
    out.plain.fill([&](std::span<std::uint8_t> bytes) { random.fill(bytes); });
    random.fill(out.nonce);
    return out;
}

Result<kmip::Examination> probe(const Options& options) {
    VS_TRY(net::Endpoint endpoint, net::parse_endpoint(options.server, kmip_port));
    net::PeerAddress server{.server = std::move(endpoint)};
    if (!options.proxy.empty()) {
        VS_TRY(server.proxy, net::parse_endpoint(options.proxy, proxy_port));
    }
    VS_TRY(const net::ResolveMap resolve, net::parse_resolve_map(options.resolve));
    VS_TRY(std::string certificate, read_text(options.certificate, most_file));
    VS_TRY(Secret key, store::read_secret_file(options.key, most_file));
    VS_TRY(const auto credential, credential_of(options));
    VS_TRY(net::ServerTrust trust, trust_of(server, resolve, options));
    VS_TRY(const auto transport,
           net::KmipTransport::create(
               {.server = server.server,
                .trust = std::move(trust),
                .identity = {.certificate_pem = std::move(certificate), .private_key = std::move(key)},
                .resolve = resolve,
                .proxy = server.proxy,
                .connect_limit = std::chrono::seconds(options.timeout)}));
    Way way(*transport);
    kmip::Client client(way, {.credential = credential ? &*credential : nullptr});
    return kmip::examine(client, input_of(options));
}

std::vector<std::string> operations_of(const kmip::Examination& found) {
    std::vector<std::string> out;
    for (const std::uint32_t operation : found.facts.operations)
        out.push_back(to_string(kmip::Operation{operation}));
    return out;
}

json::Value texts(const auto& values) {
    json::Array out;
    for (const auto& value : values)
        out.emplace_back(std::string(value));
    return json::Value(std::move(out));
}

json::Value optional_text(const std::string& text) {
    return text.empty() ? json::Value() : json::Value(text);
}

json::Value to_json(const kmip::Ability& ability) {
    return json::object(
        {{"possible", std::string(to_string(ability.verdict))}, {"why", optional_text(ability.why)}});
}

json::Value to_json(const kmip::Examination& found, const std::string& server) {
    std::vector<std::string> versions;
    for (const kmip::ProtocolVersion version : found.versions)
        versions.push_back(to_string(version));
    json::Array tried;
    for (std::size_t at = 0; at < kmip::steps; ++at)
        tried.push_back(
            json::object({{"step", std::string(to_string(kmip::Step{static_cast<std::uint8_t>(at)}))},
                          {"outcome", std::string(to_string(found.tried.at(at).outcome))},
                          {"detail", optional_text(found.tried.at(at).detail)}}));
    return json::object(
        {{"server", server},
         {"versions", texts(versions)},
         {"version", to_string(found.agreed)},
         {"vendor", optional_text(found.facts.vendor)},
         {"operations", texts(operations_of(found))},
         {"tried", json::Value(std::move(tried))},
         {"profile",
          json::object({{"name", std::string(found.profile->name)},
                        {"consequences", texts(found.profile->consequences)}})},
         {"provider", json::object({{"fetch", to_json(found.fetch)}, {"remote", to_json(found.remote)}})},
         {"left_behind", optional_text(found.left_behind.value_or(""))}});
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : ", ") + word;
    return out;
}

void show(const kmip::Examination& found) {
    Table facts({"FIELD", "VALUE"});
    std::vector<std::string> versions;
    for (const kmip::ProtocolVersion version : found.versions)
        versions.push_back(to_string(version));
    facts.row({"versions", joined(versions) + "; used: " + to_string(found.agreed)});
    facts.row({"vendor", found.facts.vendor});
    facts.row({"profile", std::string(found.profile->name)});
    facts.row({"operations", joined(operations_of(found))});
    print(facts.text());
    Table tried({"TRIED", "OUTCOME", "DETAIL"});
    for (std::size_t at = 0; at < kmip::steps; ++at)
        tried.row({std::string(to_string(kmip::Step{static_cast<std::uint8_t>(at)})),
                   std::string(to_string(found.tried.at(at).outcome)),
                   found.tried.at(at).detail});
    print(tried.text());
    Table provider({"WRAPPING", "POSSIBLE", "WHY NOT"});
    provider.row({"fetch", std::string(to_string(found.fetch.verdict)), found.fetch.why});
    provider.row({"remote", std::string(to_string(found.remote.verdict)), found.remote.why});
    print(provider.text());
    for (const std::string_view consequence : found.profile->consequences)
        print(std::string(found.profile->name) + ": " + std::string(consequence));
}

Exit run(const Options& options, const Context& context) {
    const auto found = probe(options);
    if (!found)
        return report(found.error());
    if (context.format == Format::json)
        print_json(to_json(*found, options.server));
    else
        show(*found);
    if (found->left_behind)
        say("vouchsafe: left behind on the key server: " + printable(*found->left_behind));
    const bool neither =
        found->fetch.verdict == kmip::Verdict::no && found->remote.verdict == kmip::Verdict::no;
    return neither ? Exit::refused : Exit::fine;
}

void declare(CLI::App& command, Options& options) {
    command.add_option("server", options.server, "HOST[:PORT] of the key server; the port is 5696")
        ->required();
    command.add_option("--cert", options.certificate, "our client certificate, PEM")->required();
    command.add_option("--key", options.key, "its private key, PKCS#8 in PEM or DER")->required();
    CLI::Option_group& trust = *command.add_option_group("trust", "how the server is known");
    trust.add_option(
        "--ca", options.ca, "certificates, PEM: the server's is under one of them and names HOST");
    trust.add_option(
        "--pin", options.pin, "SHA-256 of the server's certificate, hex: it is exactly this one");
    trust.require_option(1);
    CLI::Option* const user =
        command.add_option("--user", options.user, "user name that goes with each request");
    command
        .add_option("--password-file",
                    options.password_file,
                    "read the user's password from a file, or - for standard input")
        ->needs(user);
    add_device_options(command, options.device);
    command.add_option(
        "--proxy",
        options.proxy,
        "HOST[:PORT] of an HTTP proxy on the way there (CONNECT); the port is 3128. The server proves "
        "who it is as without one");
    command.add_option("--resolve", options.resolve, "NAME=ADDRESS: where a name is, before DNS");
    command.add_option("--timeout", options.timeout, "seconds for each request")
        ->check(CLI::Range(1, 60))
        ->capture_default_str();
    command.add_flag(
        "--read-only", options.read_only, "try nothing that writes: versions and operations alone");
    command.footer(
        "Makes a key named vouchsafe-probe-…, tries on it what a provider needs, and destroys it, also when "
        "something fails; what could not be removed is said. Exit 0: a provider can stand on the server, or "
        "nothing was found against it; 1: it cannot, or the server is not the trusted one; 4: no answer; 5: "
        "the server does not accept the certificate or the user.");
}

} // namespace

void add_kmip_commands(CLI::App& app, Context& context) {
    CLI::App& group = add_group(app, "kmip", "key servers, without a trust authority between");
    add_command<Options>(group,
                         context,
                         "probe",
                         "what a key server can do, by trying",
                         declare,
                         [&context](const Options& options) { return run(options, context); });
}

} // namespace vouchsafe::cli
