#include "cli/connection.h"

#include "api/errors.h"
#include "api/operation.h"
#include "api/router.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "net/https_client.h"
#include "store/files.h"

#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

namespace vouchsafe::cli {

namespace {

constexpr std::chrono::seconds request_limit{60};
constexpr std::chrono::minutes task_limit{10};
constexpr std::size_t most_logins = std::size_t{64} << 10U;

std::string variable(const char* name) {
    const char* const value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): one thread
    return value == nullptr ? std::string() : std::string(value);
}

std::string directory() {
    if (const std::string home = variable("VOUCHSAFE_HOME"); !home.empty())
        return home;
    if (const std::string config = variable("XDG_CONFIG_HOME"); !config.empty())
        return config + "/vouchsafe";
    return variable("HOME") + "/.config/vouchsafe";
}

std::string logins_path() {
    return directory() + "/logins.json";
}

Result<json::Value> body_of(const net::ClientResponse& response) {
    if (response.body.empty())
        return json::Value();
    return json::parse(as_text(response.body),
                       {.bytes = std::size_t{16} << 20U, .items = std::size_t{1} << 20U});
}

// What the commands go by without looking again. What is inside is read where it is shown.
Result<void> has_form(const json::Value& answer, const api::Type& type) {
    const bool object = type.kind == api::Kind::structure || type.kind == api::Kind::document;
    const bool good = type.kind == api::Kind::none   ? true
                      : type.kind == api::Kind::list ? answer.is_array()
                      : object                       ? answer.is_object()
                                                     : answer.is_string();
    if (!good)
        return fail(
            Errc::malformed, "server.answer", "the server's answer has not the form of this operation");
    return {};
}

Result<net::HttpsClient> client_for(const Login& login) {
    VS_TRY(const net::Url url, net::parse_url(login.url));
    return net::HttpsClient::create(
        {.server = url.endpoint, .trust = net::PinnedKey{.spki_sha256 = login.pin}});
}

} // namespace

Result<std::map<std::string, Login>> load_logins() {
    std::error_code ignored; // reading tells what is wrong
    const auto mode = std::filesystem::status(logins_path(), ignored).permissions();
    constexpr auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    if (mode != std::filesystem::perms::unknown && (mode & others) != std::filesystem::perms::none)
        return fail(Errc::untrusted,
                    "logins.mode",
                    logins_path() + ": others may use these log-ins; remove the file and log in again");
    const auto content = store::read_file(logins_path(), most_logins);
    std::map<std::string, Login> logins;
    if (!content) {
        if (content.error().code == Errc::not_found)
            return logins;
        return std::unexpected(content.error());
    }
    VS_TRY(const json::Value value, json::parse(as_text(*content)));
    if (!value.is_object())
        return fail(Errc::malformed, "logins", logins_path() + ": is damaged; remove it and log in again");
    for (const auto& [role, entry] : value.as_object()) {
        json::Members members(entry, "login");
        Login login;
        VS_TRY(login.url, members.string("url"));
        VS_TRY(login.pin, members.string("pin"));
        VS_TRY(login.session, members.string("session"));
        VS_TRY(login.user, members.string("user"));
        logins.emplace(role, std::move(login));
    }
    return logins;
}

Result<void> save_logins(const std::map<std::string, Login>& logins) {
    std::error_code ignored; // make_private_directory tells what is wrong
    std::filesystem::create_directories(std::filesystem::path(directory()).parent_path(), ignored);
    VS_TRY_VOID(store::make_private_directory(directory()));
    json::Object all;
    for (const auto& [role, login] : logins)
        all.emplace(
            role,
            json::object(
                {{"url", login.url}, {"pin", login.pin}, {"session", login.session}, {"user", login.user}}));
    return store::write_file(logins_path(), as_bytes(json::pretty(json::Value(std::move(all)))));
}

struct Connection::Impl {
    std::string role;
    Login login;
    net::HttpsClient client;

    Result<json::Value> send(net::Method method, const api::WireCall& call) {
        VS_TRY(const net::ClientResponse response,
               client.send({.method = method,
                            .target = call.target,
                            .body = call.body,
                            .headers = {{.name = "vmware-api-session-id", .value = login.session}}},
                           request_limit));
        VS_TRY(json::Value body, body_of(response));
        if (response.status < 200 || response.status > 299)
            return std::unexpected(api::error_from_answer(response.status, body));
        return body;
    }

    Result<json::Value> wait_for(const std::string& task) {
        const api::Operation& get = *api::find_operation("cis.tasks", "get");
        VS_TRY(const api::WireCall call, api::write_call(get, json::object({{"task", task}})));
        const auto until = std::chrono::steady_clock::now() + task_limit;
        auto pause = std::chrono::milliseconds(20);
        while (std::chrono::steady_clock::now() < until) {
            VS_TRY(const json::Value info, send(get.method, call));
            const std::string status = cell(info, "status");
            if (status == "SUCCEEDED") {
                const json::Value* const result = info.find("result");
                return result == nullptr ? json::Value() : *result;
            }
            if (status == "FAILED") {
                const json::Value* const error = info.find("error");
                return std::unexpected(api::error_from_task(error == nullptr ? json::Value() : *error));
            }
            std::this_thread::sleep_for(pause);
            pause = std::min(pause * 2, std::chrono::milliseconds(500));
        }
        return fail(Errc::timed_out, "task", "the task " + task + " is still running; look at it later");
    }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Connection::Connection(Connection&&) noexcept = default;

Connection::~Connection() = default;

Result<Connection> Connection::open(std::string_view role) {
    VS_TRY(auto logins, load_logins());
    const auto found = logins.find(std::string(role));
    if (found == logins.end())
        return fail(Errc::unauthenticated,
                    "login.none",
                    "this needs a log-in at the " + std::string(role) + " management server");
    VS_TRY(net::HttpsClient client, client_for(found->second));
    return Connection(std::unique_ptr<Impl>(
        new Impl{.role = std::string(role), .login = found->second, .client = std::move(client)}));
}

Result<void> Connection::log_in(const std::string& role, Login login, const Secret& password) {
    VS_TRY(net::HttpsClient client, client_for(login));
    std::string credentials = login.user + ":";
    password.expose([&](Bytes bytes) { credentials += as_text(bytes); });
    std::string header = "Basic " + to_base64(as_bytes(credentials));
    wipe(credentials);
    const api::Operation& create = *api::find_operation("cis.session", "create");
    VS_TRY(const net::ClientResponse response,
           client.send({.method = create.method,
                        .target = std::string(create.path),
                        .headers = {{.name = "authorization", .value = header}}},
                       request_limit));
    wipe(header);
    VS_TRY(const json::Value body, body_of(response));
    if (response.status != create.status)
        return std::unexpected(api::error_from_answer(response.status, body));
    if (!body.is_string())
        return fail(Errc::malformed, "login.session", "the server's answer is no session id");
    login.session = body.as_string();
    Connection opened(
        std::unique_ptr<Impl>(new Impl{.role = role, .login = login, .client = std::move(client)}));
    if (const auto right = opened.has_role(); !right) {
        opened.end();
        return right;
    }
    VS_TRY(auto logins, load_logins());
    logins[role] = std::move(login);
    return save_logins(logins);
}

// Each of the two servers refuses the other's job: better now than at every command.
Result<void> Connection::has_role() {
    VS_TRY(const json::Value status, call("vouchsafe.status", "get", json::object({})));
    json::Members members(status, "status");
    VS_TRY(const std::string role, members.string("role"));
    if (role != impl_->role)
        return fail(
            Errc::conflict, "login.role", "not logged in: this is the " + role + " management server");
    return {};
}

void Connection::end() {
    const api::Operation& end = *api::find_operation("cis.session", "delete");
    (void)impl_->send(end.method, {.target = std::string(end.path), .body = {}});
}

Result<void> Connection::log_out(const std::string& role) {
    VS_TRY(auto logins, load_logins());
    if (!logins.contains(role))
        return {};
    if (auto connection = open(role))
        connection->end();
    logins.erase(role);
    return save_logins(logins);
}

Result<json::Value>
Connection::call(std::string_view service, std::string_view operation, const json::Value& input) {
    const api::Operation* const row = api::find_operation(service, operation);
    VS_CHECK(row != nullptr);
    VS_TRY(const api::WireCall wire, api::write_call(*row, input));
    VS_TRY(json::Value answer, impl_->send(row->method, wire));
    if (row->answer == api::Answer::task && answer.is_string()) {
        VS_TRY(answer, impl_->wait_for(answer.as_string()));
    }
    VS_TRY_VOID(has_form(answer, row->result));
    return answer;
}

namespace {

// Without echo, where standard input is a terminal.
class Quiet {
public:
    Quiet() : terminal_(::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!terminal_)
            return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }

    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

    ~Quiet() {
        if (terminal_)
            (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

private:
    termios before_{};
    bool terminal_;
};

} // namespace

Result<Secret> read_secret(const std::string& file, std::string_view prompt) {
    constexpr std::size_t most = 4096;
    if (!file.empty() && file != "-") {
        VS_TRY(const Secret content, store::read_secret_file(file, most));
        return content.expose([](Bytes bytes) {
            while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == '\r'))
                bytes = bytes.first(bytes.size() - 1);
            return Secret(bytes);
        });
    }
    if (file.empty())
        std::cerr << prompt << std::flush;
    std::string line;
    {
        const Quiet quiet;
        if (!std::getline(std::cin, line))
            return fail(Errc::malformed, "secret", "nothing was given on standard input");
    }
    if (file.empty())
        std::cerr << '\n';
    Secret secret(as_bytes(line));
    wipe(line);
    return secret;
}

} // namespace vouchsafe::cli
