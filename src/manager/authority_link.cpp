#include "manager/authority_link.h"

#include "api/errors.h"
#include "crypto/digest.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "token/identity.h"

#include <algorithm>

namespace vouchsafe::manager {

namespace {

constexpr std::string_view kind = "authority-host";
constexpr std::string_view only_one = "1"; // one authority host: claim() refuses a second
constexpr std::chrono::seconds limit{30};
constexpr std::chrono::seconds token_life{60};

bool is_pin(std::string_view text) {
    return text.size() == 64 &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

} // namespace

Result<AuthorityLink::Host> AuthorityLink::host() {
    VS_TRY(const auto document, parts_.documents.get(kind, only_one));
    if (!document)
        return fail(Errc::conflict,
                    "authority.none",
                    "no authority host yet; run 'vouchsafe authority claim' with what vouchsafe-authorityd "
                    "init printed");
    json::Members members(document->value, "authority_host");
    Host host;
    VS_TRY(host.url, members.string("url"));
    VS_TRY(host.pin, members.string("pin"));
    VS_TRY(host.group, members.string("group"));
    VS_TRY(host.anchor, members.string("anchor"));
    VS_TRY(host.cluster, members.string("cluster"));
    VS_TRY(host.authority_host, members.string("authority_host"));
    return host;
}

Result<json::Value> AuthorityLink::post(const Host& host,
                                        std::string_view path,
                                        const std::string& body,
                                        const std::string& bearer) {
    std::shared_ptr<net::HttpsClient> client;
    {
        const std::scoped_lock lock(mutex_);
        if (connected_ != host.url + host.pin) {
            VS_TRY(const net::Url url, net::parse_url(host.url));
            VS_TRY(net::HttpsClient fresh,
                   net::HttpsClient::create({.server = url.endpoint,
                                             .trust = net::PinnedKey{.spki_sha256 = host.pin},
                                             .resolve = parts_.resolve}));
            client_ = std::make_shared<net::HttpsClient>(std::move(fresh));
            connected_ = host.url + host.pin;
        }
        client = client_;
    }
    net::ClientRequest request{.method = net::Method::post, .target = std::string(path), .body = body};
    if (!bearer.empty())
        request.headers.push_back({.name = "authorization", .value = "Bearer " + bearer});
    VS_TRY(const net::ClientResponse response, client->send(request, limit));
    VS_TRY(json::Value answer,
           json::parse(as_text(response.body), {.bytes = std::size_t{16} << 20U, .items = 1U << 20U}));
    if (response.status != 200)
        return std::unexpected(api::error_from_answer(response.status, answer));
    return answer;
}

Result<json::Value>
AuthorityLink::claim(const std::string& url, const std::string& pin, const std::string& token) {
    if (!is_pin(pin))
        return fail(Errc::malformed, "claim.pin", "a pin is 64 lower-case hex digits");
    VS_TRY(const auto before, parts_.documents.get(kind, only_one));
    if (before)
        return fail(
            Errc::exists, "authority.exists", "this management server has its authority host already");
    const json::Value request =
        json::object({{"version", 1},
                      {"token", token},
                      {"issuer", parts_.tokens.issuer},
                      {"certificates", json::array({parts_.tokens.certificate_pem})}});
    Host host{.url = url, .pin = pin, .group = {}, .anchor = {}, .cluster = {}, .authority_host = {}};
    VS_TRY(const json::Value answer, post(host, "/v1/claim", json::canonical(request), {}));
    json::Members members(answer, "claim");
    VS_TRY_VOID(members.version(1));
    VS_TRY(const std::string anchor, members.string("anchor"));
    VS_TRY(const std::string group, members.string("group"));
    VS_TRY(const std::string cluster, members.string("cluster"));
    VS_TRY(const std::string name, members.string("authority_host"));
    VS_TRY_VOID(members.finish());
    const json::Value document = json::object({{"version", 1},
                                               {"url", url},
                                               {"pin", pin},
                                               {"anchor", anchor},
                                               {"group", group},
                                               {"cluster", cluster},
                                               {"authority_host", name}});
    VS_TRY([[maybe_unused]] const auto revision, parts_.documents.put(kind, only_one, document, 0));
    return document;
}

Result<json::Value> AuthorityLink::list() {
    VS_TRY(const auto documents, parts_.documents.list(kind));
    return json::array_of(documents, [](const inventory::Document& document) { return document.value; });
}

Result<json::Value> AuthorityLink::invoke(const Call& call) {
    VS_TRY(const Host to, host());
    const std::string body = json::canonical(json::object({{"version", 1},
                                                           {"service", call.operation.service},
                                                           {"operation", call.operation.name},
                                                           {"input", call.input}}));
    VS_TRY(const std::string bearer,
           token::issue_administrator(parts_.tokens.key,
                                      {.issuer = parts_.tokens.issuer,
                                       .group = to.group,
                                       .subject = call.caller.user + "@" + parts_.tokens.domain,
                                       .groups = {call.caller.groups.begin(), call.caller.groups.end()},
                                       .request = to_hex(crypto::sha256(as_bytes(body))),
                                       .id = to_hex(parts_.random.bytes(16)),
                                       .times = token::times_from(parts_.clock.now(), token_life)}));
    VS_TRY(json::Value answer, post(to, "/v1/admin/invoke", body, bearer));
    const json::Value* const result = answer.find("result");
    return result == nullptr ? json::Value() : *result;
}

void add_authority_operations(Operations& operations, AuthorityLink& link) {
    operations.add("vouchsafe.authority_hosts", "list", [&](const Call&) { return link.list(); });
    operations.add("vouchsafe.authority_hosts", "claim", [&](const Call& call) {
        const json::Value& spec = *call.find("spec");
        return link.claim(
            spec.find("url")->as_string(), spec.find("pin")->as_string(), spec.find("token")->as_string());
    });
    for (const api::Operation& row : api::operations())
        if (row.server == api::Server::authority && row.service != "vouchsafe.authority_hosts")
            operations.add(row.service, row.name, [&](const Call& call) { return link.invoke(call); });
}

} // namespace vouchsafe::manager
