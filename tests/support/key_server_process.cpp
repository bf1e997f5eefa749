#include "tests/support/key_server_process.h"

#include "inventory/provider.h"
#include "json/write.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace vouchsafe::test {

namespace {

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

json::Object named(const std::string& cluster, const std::string& provider) {
    return {{"cluster", cluster}, {"provider", provider}};
}

} // namespace

bool has_key_server() {
    return run_to_end({"/usr/bin/python3", "-c", "import kmip.services.server"}, "/dev/null").status == 0;
}

KeyServerProcess::KeyServerProcess() {
    start();
    primary_key_ = tool("create-key", {"--name", "primary"});
    primary_key_.resize(primary_key_.find('\n'));
}

std::unique_ptr<KeyServerProcess> KeyServerProcess::replica(const KeyServerProcess& of) {
    std::unique_ptr<KeyServerProcess> out(new KeyServerProcess(Empty{}));
    constexpr const char* keys = "/keys.sqlite";
    std::filesystem::copy_file(of.folder() + keys, out->folder() + keys);
    out->primary_key_ = of.primary_key();
    out->start();
    return out;
}

KeyServerProcess::~KeyServerProcess() {
    tool("kill");
}

std::string KeyServerProcess::tool(const std::string& command, const std::vector<std::string>& arguments) {
    const std::string log = folder_.path() + "/tool.log";
    std::vector<std::string> words{std::string(VS_TOOLS) + "/lab/kmip-server", command, folder_.path()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Finished done = run_to_end(words, log);
    if (done.status != 0)
        std::fputs(content(log).c_str(), stderr);
    VS_CHECK(done.status == 0);
    return done.output;
}

void KeyServerProcess::start() {
    tool("start");
}

void KeyServerProcess::kill() {
    tool("kill");
}

pid_t KeyServerProcess::pid() const {
    return static_cast<pid_t>(std::stol(content(folder_.path() + "/process")));
}

void KeyServerProcess::freeze() {
    VS_CHECK(::kill(pid(), SIGSTOP) == 0);
}

void KeyServerProcess::change_certificate(const std::vector<std::string>& start_options) {
    kill();
    for (const char* const file : {"/server.pem", "/server.key"})
        std::filesystem::remove(folder() + file);
    tool("start", start_options);
}

void KeyServerProcess::renew_certificate() {
    change_certificate({});
}

void KeyServerProcess::expire_certificate() {
    change_certificate({"--expired"});
}

void KeyServerProcess::thaw() {
    VS_CHECK(::kill(pid(), SIGCONT) == 0);
}

net::Endpoint KeyServerProcess::address() const {
    std::ifstream in(folder_.path() + "/address");
    net::Endpoint out;
    in >> out.host >> out.port;
    VS_CHECK(!in.fail());
    return out;
}

std::string KeyServerProcess::certificate_pem() const {
    return content(folder_.path() + "/server.pem");
}

void KeyServerProcess::trust(const std::string& certificate_pem) {
    const std::string path = folder_.path() + "/client.pem";
    std::ofstream(path) << certificate_pem;
    tool("trust", {"--client-cert", path});
}

void add_provider(AuthorityProcess& authority,
                  KeyServerProcess& key_server,
                  const std::string& name,
                  const ProviderServer& server,
                  std::int64_t timeout_seconds) {
    const std::string cluster = authority.cluster();
    const json::Value address =
        json::object({{"hostname", server.address.host}, {"port", server.address.port}});
    const json::Value kmip = json::object(
        {{"servers", json::array({json::object({{"name", server.name}, {"address", address}})})}});
    authority.must(service::providers,
                   "create",
                   {{"cluster", cluster},
                    {"spec",
                     json::object({{"provider", name},
                                   {"master_key_id", key_server.primary_key()},
                                   {"key_server",
                                    json::object({{"type", "KMIP"},
                                                  {"connection_timeout", timeout_seconds},
                                                  {"kmip_server", kmip}})}})}});
    trust_each_other(authority, key_server, name);
    set_quota(authority, name, inventory::max_quota, inventory::max_quota);
}

void set_quota(AuthorityProcess& authority,
               const std::string& provider,
               std::int64_t burst,
               std::int64_t per_minute) {
    authority.must("vouchsafe.provider_policy",
                   "set",
                   {{"provider", provider},
                    {"spec",
                     json::object({{"host_quota_burst", burst},
                                   {"host_quota_per_minute", per_minute},
                                   {"quota_burst", inventory::max_quota},
                                   {"quota_per_minute", inventory::max_quota}})}});
}

void trust_each_other(AuthorityProcess& authority, KeyServerProcess& key_server, const std::string& name) {
    const std::string cluster = authority.cluster();
    authority.must(service::client_certificate, "create", named(cluster, name));
    key_server.trust(authority.must(service::client_certificate, "get", named(cluster, name))
                         .find("certificate")
                         ->as_string());
    json::Object trusted = named(cluster, name);
    trusted.emplace(
        "spec", json::object({{"certificates", json::array({json::Value(key_server.certificate_pem())})}}));
    authority.must(service::trusted_certificates, "update", std::move(trusted));
}

} // namespace vouchsafe::test
