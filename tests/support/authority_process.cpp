#include "tests/support/authority_process.h"

#include "api/errors.h"
#include "audit/chain.h"
#include "crypto/digest.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace vouchsafe::test {

namespace {

constexpr std::chrono::seconds request_limit{60};
constexpr std::size_t state_key_size = 32;

std::string write_state_key(const std::string& path) {
    std::ofstream(path) << to_hex(crypto::SystemRandom().bytes(state_key_size));
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path;
}

std::vector<std::string> with(std::vector<std::string> command, const std::vector<std::string>& more) {
    command.insert(command.end(), more.begin(), more.end());
    return command;
}

std::string word_after(const std::string& output, const std::string& name) {
    const auto at = output.find(name + " ");
    VS_CHECK(at != std::string::npos);
    const auto begin = output.find_first_not_of(' ', at + name.size());
    return output.substr(begin, output.find('\n', begin) - begin);
}

} // namespace

std::string TokenIssuer::certificate_pem() const {
    const SysTime now = net::SystemClock().now();
    return crypto::make_self_signed(key,
                                    {.common_name = "token service",
                                     .dns_names = {},
                                     .usage = crypto::Usage::client,
                                     .validity = {.not_before = now - std::chrono::hours(1),
                                                  .not_after = now + std::chrono::hours(24)}})
        .pem();
}

token::Administrator TokenIssuer::claims(std::string_view group, std::string_view body) const {
    return {.issuer = issuer,
            .group = std::string(group),
            .subject = "tester@" + issuer.substr(8, 17),
            .groups = groups,
            .request = to_hex(crypto::sha256(as_bytes(body))),
            .id = to_hex(crypto::SystemRandom().bytes(16)),
            .times = token::times_from(net::SystemClock().now(), std::chrono::seconds(30))};
}

std::string TokenIssuer::token(std::string_view group, std::string_view body) const {
    auto token = token::issue_administrator(key, claims(group, body));
    VS_CHECK(token.has_value());
    return *std::move(token);
}

json::Value invoke_document(std::string_view service, std::string_view operation, json::Object input) {
    return json::object(
        {{"version", 1}, {"service", service}, {"operation", operation}, {"input", std::move(input)}});
}

AuthorityProcess::AuthorityProcess(const std::string& program, const std::string& issuer)
    : administrator_{.issuer = issuer}, state_options_({"--state",
                                                        folder_.path() + "/state",
                                                        "--unsafe-plaintext-key-file",
                                                        write_state_key(folder_.path() + "/state-key")}),
      daemon_(with({program, "serve", "--port", "0"}, state_options_), folder_.path() + "/authorityd.log") {
    const Finished made = run_to_end(with({program,
                                           "init",
                                           "--name",
                                           authority_name,
                                           "--administrator",
                                           administrator_.issuer,
                                           "--cluster-name",
                                           "tests"},
                                          state_options_),
                                     folder_.path() + "/authorityd.log");
    if (made.status != 0)
        std::fputs(daemon_.log().c_str(), stderr);
    VS_CHECK(made.status == 0);
    anchor_ = word_after(made.output, "anchor");
    pin_ = word_after(made.output, "pin");
    claim_token_ = word_after(made.output, "token");
    start();
}

std::string AuthorityProcess::group() const {
    return token::group_of(anchor_);
}

void AuthorityProcess::start() {
    daemon_.start();
    auto client = net::HttpsClient::create({.server = {.host = authority_name, .port = daemon_.port()},
                                            .trust = net::PinnedKey{.spki_sha256 = pin_}});
    VS_CHECK(client.has_value());
    client_ = std::make_unique<net::HttpsClient>(*std::move(client));
}

net::ClientResponse
AuthorityProcess::post(std::string_view path, std::string body, std::vector<net::Header> headers) {
    auto response = client_->send({.method = net::Method::post,
                                   .target = std::string(path),
                                   .content_type = "application/json",
                                   .body = std::move(body),
                                   .headers = std::move(headers)},
                                  request_limit);
    if (!response)
        std::fprintf(stderr, "%s: %s\n", response.error().where.c_str(), daemon_.log().c_str());
    VS_CHECK(response.has_value());
    return *std::move(response);
}

json::Value AuthorityProcess::claim_document() const {
    return json::object({{"version", 1},
                         {"token", claim_token_},
                         {"issuer", administrator_.issuer},
                         {"certificates", json::array({json::Value(administrator_.certificate_pem())})}});
}

void AuthorityProcess::claim() {
    const auto answer = post("/v1/claim", json::canonical(claim_document()));
    VS_CHECK(answer.status == 200);
}

Result<json::Value>
AuthorityProcess::invoke(std::string_view service, std::string_view operation, json::Object input) {
    if (by_)
        return by_(service, operation, std::move(input));
    const std::string body = json::canonical(invoke_document(service, operation, std::move(input)));
    VS_TRY(const auto response,
           client_->send({.method = net::Method::post,
                          .target = "/v1/admin/invoke",
                          .content_type = "application/json",
                          .body = body,
                          .headers = {{"authorization", "Bearer " + administrator_.token(group(), body)}}},
                         request_limit));
    VS_TRY(const json::Value document,
           json::parse(as_text(response.body),
                       {.bytes = std::size_t{16} << 20U, .items = std::size_t{1} << 20U}));
    if (response.status != 200)
        return std::unexpected(api::error_from_answer(response.status, document));
    return *document.find("result");
}

json::Value AuthorityProcess::must(std::string_view service, std::string_view operation, json::Object input) {
    auto answer = invoke(service, operation, std::move(input));
    if (!answer)
        std::fprintf(stderr,
                     "%s %s: %s (%s)\n",
                     std::string(service).c_str(),
                     std::string(operation).c_str(),
                     answer.error().detail.c_str(),
                     answer.error().where.c_str());
    VS_CHECK(answer.has_value());
    return *std::move(answer);
}

std::string AuthorityProcess::cluster() {
    return must(service::status, "get", {}).find("authority")->find("cluster")->as_string();
}

std::int64_t AuthorityProcess::revision() {
    return must(service::status, "get", {}).find("authority")->find("revision")->as_integer();
}

token::VerifiedServices AuthorityProcess::services() {
    const json::Value exported = must("vouchsafe.services_information", "export", {});
    auto services = token::verify_services(
        {.document = *exported.find("document"), .anchor = anchor_, .least_version = 0, .now = clock_.now()});
    VS_CHECK(services.has_value());
    return *std::move(services);
}

std::vector<audit::AuditRecord> AuthorityProcess::audit_records() const {
    const std::string written = state_folder() + "/audit.jsonl";
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(state_folder()))
        if (entry.path().extension() == ".jsonl" && entry.path() != written)
            files.push_back(entry.path().string());
    std::ranges::sort(files); // full ones are named by their first record
    files.push_back(written);
    std::vector<audit::AuditRecord> out;
    audit::ChainVerifier chain;
    for (const std::string& file : files) {
        std::ifstream in(file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto fed =
            chain.feed(text, [&out](const audit::AuditRecord& record) { out.push_back(record); });
        VS_CHECK(fed.has_value());
    }
    return out;
}

std::string error_of(const net::ClientResponse& response) {
    const auto document = json::parse(as_text(response.body));
    if (!document)
        return {};
    json::Members members(*document, "error");
    const auto type = members.string("error_type");
    const auto messages = members.array("messages");
    if (!type || !messages || !members.finish() || (*messages)->size() != 1)
        return {};
    json::Members message((*messages)->front(), "message");
    const auto id = message.string("id");
    const auto text = message.string("default_message");
    const auto arguments = message.array("args");
    if (!id || !text || text->empty() || !arguments || !message.finish())
        return {};
    return *type + " " + *id;
}

} // namespace vouchsafe::test
