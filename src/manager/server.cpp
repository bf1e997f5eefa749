#include "manager/server.h"

#include "api/errors.h"
#include "api/router.h"
#include "json/members.h"

#include <algorithm>
#include <memory>

namespace vouchsafe::manager {

namespace {

constexpr std::string_view session_header = "vmware-api-session-id";
constexpr std::string_view basic = "basic "; // whatever its case [RFC 7235 §2.1]

std::string_view role_name(api::Server role) {
    return role == api::Server::authority ? "authority" : "workload";
}

// Rule 5: two management servers; neither does the other's job.
Result<void> has_role(const api::Operation& operation, api::Server role) {
    if (operation.server == api::Server::both || operation.server == role)
        return {};
    return fail(Errc::unsupported,
                "server.role",
                "this is the " + std::string(role_name(role)) + " management server; the " +
                    std::string(role_name(operation.server)) + " management server has this operation");
}

struct Credentials {
    std::string user;
    Secret password;
};

bool is_basic(std::string_view header) {
    return std::ranges::equal(header.substr(0, basic.size()), basic, [](char given, char wanted) {
        return (given >= 'A' && given <= 'Z' ? given - 'A' + 'a' : given) == wanted;
    });
}

// The session service knows one refusal: whatever is wrong with the credentials, nobody is logged in.
Result<Credentials> basic_credentials(const net::Request& request) {
    const auto refused = [] {
        return fail(Errc::unauthenticated,
                    "login.basic",
                    "log in with HTTP Basic: base64 of user:password in the header Authorization");
    };
    const std::string_view header = request.header("authorization");
    if (!is_basic(header))
        return refused();
    auto given = from_base64(header.substr(basic.size()));
    if (!given)
        return refused();
    Buffer decoded = *std::move(given);
    const std::string_view text = as_text(decoded);
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) {
        wipe(decoded);
        return refused();
    }
    Credentials credentials{.user = std::string(text.substr(0, colon)),
                            .password = Secret(as_bytes(text.substr(colon + 1)))};
    wipe(decoded);
    return credentials;
}

class Dispatcher {
public:
    explicit Dispatcher(ServerParts parts) : parts_(std::move(parts)) {}

    net::Response answer(const net::Request& request) {
        auto response = respond(request);
        return response ? *std::move(response) : api::error_answer(response.error());
    }

    const ServerParts& parts() const { return parts_; }

private:
    Result<net::Response> respond(const net::Request& request) {
        VS_TRY(const api::Operation* const operation, api::find_route(request.method, request.target));
        VS_TRY_VOID(has_role(*operation, parts_.role));
        if (operation->service == "cis.session")
            return session(*operation, request);

        VS_TRY(const Caller caller, parts_.directory.caller(request.header(session_header)));
        if (!access::allows(caller.groups, operation->privilege))
            return fail(Errc::denied,
                        "privilege",
                        caller.user + " lacks the privilege " +
                            std::string(access::to_string(operation->privilege)));
        if (operation->effect == api::Effect::trust &&
            !caller.groups.contains(std::string(access::trusted_admins)))
            return fail(Errc::denied, "privilege.trust", "only members of TrustedAdmins may change trust");
        VS_TRY(json::Value input, api::read_input(*operation, request));
        if (operation->service == "cis.tasks")
            return tasks(*operation, input, caller);
        return operation->answer == api::Answer::task ? start(*operation, std::move(input), caller)
                                                      : run(*operation, input, caller);
    }

    Result<net::Response> session(const api::Operation& operation, const net::Request& request) {
        const std::string_view id = request.header(session_header);
        if (operation.name == "create") {
            VS_TRY_VOID(api::read_input(operation, request)); // there is none, and what is there is unknown
            VS_TRY(const Credentials credentials, basic_credentials(request));
            VS_TRY(const std::string session,
                   parts_.directory.log_in(credentials.user, credentials.password));
            return api::json_answer(operation.status, json::Value(session));
        }
        VS_TRY(const json::Value info, parts_.directory.session_info(id));
        VS_TRY_VOID(api::read_input(operation, request));
        if (operation.name == "get")
            return api::json_answer(operation.status, info);
        parts_.directory.log_out(id);
        return api::json_answer(operation.status, {});
    }

    Result<net::Response>
    tasks(const api::Operation& operation, const json::Value& input, const Caller& caller) {
        if (operation.name == "list")
            return api::json_answer(operation.status, parts_.tasks.list(caller.user, input));
        VS_TRY(json::Value info, parts_.tasks.info(input.find("task")->as_string(), caller.user));
        if (operation.name == "cancel")
            return fail(Errc::unsupported, "task.cancel", "tasks of this server cannot be cancelled");
        if (const json::Value* const exclude = input.find("exclude_result");
            exclude != nullptr && exclude->as_bool())
            info.as_object().erase("result");
        return api::json_answer(operation.status, info);
    }

    Result<const Operate*> operate(const api::Operation& operation) {
        const Operate* const found = parts_.operations.find(operation);
        if (found == nullptr)
            return fail(Errc::unsupported, "operation", "this version does not have this operation yet");
        return found;
    }

    Result<net::Response>
    run(const api::Operation& operation, const json::Value& input, const Caller& caller) {
        VS_TRY(const Operate* const function, operate(operation));
        VS_TRY(const json::Value result,
               (*function)({.operation = operation, .input = input, .caller = caller}));
        return api::json_answer(operation.status, result);
    }

    Result<net::Response> start(const api::Operation& operation, json::Value input, const Caller& caller) {
        VS_TRY(const Operate* const function, operate(operation));
        VS_TRY(const std::string task,
               parts_.tasks.start(
                   operation, caller.user, [&operation, function, input = std::move(input), caller] {
                       return (*function)({.operation = operation, .input = input, .caller = caller});
                   }));
        return api::json_answer(202, json::Value(task));
    }

    ServerParts parts_;
};

} // namespace

const std::string& Call::text(std::string_view member) const {
    const json::Value* const value = input.find(member);
    VS_CHECK(value != nullptr && value->is_string()); // the table was checked
    return value->as_string();
}

void Operations::add(std::string_view service, std::string_view name, Operate operate) {
    VS_CHECK(api::find_operation(service, name) != nullptr);
    operations_.emplace(std::pair(std::string(service), std::string(name)), std::move(operate));
}

const Operate* Operations::find(const api::Operation& operation) const {
    const auto found =
        operations_.find(std::pair(std::string(operation.service), std::string(operation.name)));
    return found == operations_.end() ? nullptr : &found->second;
}

net::Handler serve(ServerParts parts, net::WorkerPool& pool) {
    const auto dispatcher = std::make_shared<Dispatcher>(std::move(parts));
    net::Handler in_pool = net::in_workers(
        pool, [dispatcher](const net::Request& request) { return dispatcher->answer(request); });
    return [dispatcher, in_pool = std::move(in_pool)](net::Request request, net::Reply reply) {
        const ServerParts& parts_ = dispatcher->parts();
        const auto operation = api::find_route(request.method, request.target);
        if (operation && (*operation)->privilege == access::Privilege::agent && parts_.agents)
            parts_.agents(**operation, std::move(request), std::move(reply));
        else
            in_pool(std::move(request), std::move(reply));
    };
}

void add_common_operations(Operations& operations, Directory& directory) {
    const auto none = [](const Result<void>& result) -> Result<json::Value> {
        VS_TRY_VOID(result);
        return json::Value();
    };
    operations.add("vouchsafe.users", "list", [&](const Call&) { return directory.list_users(); });
    operations.add("vouchsafe.users", "create", [&](const Call& call) -> Result<json::Value> {
        json::Members spec(*call.find("spec"), "spec");
        VS_TRY(const std::string name, spec.string("name"));
        VS_TRY(std::string password, spec.string("password"));
        const Secret secret(as_bytes(password));
        wipe(password);
        VS_TRY(const auto groups, spec.optional_strings("groups"));
        const auto list = groups.value_or(std::vector<std::string>{});
        return directory.create_user(name, secret, {list.begin(), list.end()});
    });
    operations.add("vouchsafe.users", "set_password", [&, none](const Call& call) {
        const Secret secret(as_bytes(call.find("spec")->find("password")->as_string()));
        return none(directory.set_password(call.text("user"), secret));
    });
    operations.add("vouchsafe.users", "delete", [&, none](const Call& call) {
        return none(directory.delete_user(call.text("user")));
    });
    operations.add("vouchsafe.groups", "list", [&](const Call&) { return directory.list_groups(); });
    operations.add("vouchsafe.groups", "add_member", [&, none](const Call& call) {
        return none(directory.add_member(call.text("group"), call.find("spec")->find("user")->as_string()));
    });
    operations.add("vouchsafe.groups", "remove_member", [&, none](const Call& call) {
        return none(directory.remove_member(call.text("group"), call.text("user")));
    });
}

} // namespace vouchsafe::manager
