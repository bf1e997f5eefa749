// A workload management server without sockets, and hosts that poll it: what tests of the manager start from.
#pragma once

#include "api/operation.h"
#include "api/router.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "json/parse.h"
#include "json/write.h"
#include "manager/workload.h"
#include "net/workers.h"
#include "protocol/workload.h"
#include "tests/support/authority_keys.h"
#include "tests/support/inventory_fakes.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vouchsafe::test {

/// A clock that stands until it is moved, between what the threads do.
struct ManualClock final : Clock {
    SysTime time = from_seconds(1'800'000'000);
    BootTime boot{3'600'000};

    SysTime now() const override { return time; }

    BootTime boot_now() const override { return boot; }

    void advance(std::chrono::milliseconds by) {
        time += by;
        boot += by;
    }
};

/// A reply that can be waited for.
inline std::pair<net::Reply, std::future<net::Response>> awaited_reply() {
    auto promise = std::make_shared<std::promise<net::Response>>(); // shared: std::function copies
    auto future = promise->get_future();
    return {net::Reply([promise](net::Response response) { promise->set_value(std::move(response)); }),
            std::move(future)};
}

/// The answer, or status 0 when there is none in a time that is long for any machine.
inline net::Response wait_for(std::future<net::Response>& answer) {
    if (answer.wait_for(std::chrono::seconds(60)) != std::future_status::ready)
        return {.status = 0};
    return answer.get();
}

inline net::Request request(net::Method method, std::string target, std::string_view body = {}) {
    net::Request out;
    out.method = method;
    out.target = std::move(target);
    out.body = to_buffer(as_bytes(body));
    return out;
}

class ManagerWorld {
public:
    ManagerWorld() { workload.add_operations(operations); }

    /// Calls an operation as the server does it once the caller is known; the result has the row's shape.
    Result<json::Value> call(std::string_view service, std::string_view name, const json::Value& input) {
        const api::Operation* const row = api::find_operation(service, name);
        VS_CHECK(row != nullptr);
        VS_TRY_VOID(api::check_input(*row, input));
        const manager::Operate* const operate = operations.find(*row);
        VS_CHECK(operate != nullptr);
        VS_TRY(json::Value result, (*operate)({.operation = *row, .input = input, .caller = caller}));
        VS_TRY_VOID(api::check_shape(result, row->result, "result"));
        return result;
    }

    /// What a host posts to the agents' door.
    std::future<net::Response>
    post(std::string_view operation, const std::string& key, const json::Value& body) {
        net::Request sent =
            request(net::Method::post, "/v1/host/" + std::string(operation), json::canonical(body));
        if (!key.empty())
            sent.peer.key_sha256 = key;
        auto [reply, answer] = awaited_reply();
        door(*api::find_operation("vouchsafe.agents", operation), std::move(sent), std::move(reply));
        return std::move(answer);
    }

    std::string create_cluster(const std::string& name) {
        return call("vouchsafe.clusters", "create", json::object({{"spec", json::object({{"name", name}})}}))
            .value()
            .as_string();
    }

    std::string join_token(const std::string& cluster) {
        return call("vouchsafe.join_tokens",
                    "create",
                    json::object({{"spec", json::object({{"cluster", cluster}})}}))
            .value()
            .as_string();
    }

    Result<json::Value> import_services(const json::Value& document, const std::string& anchor) {
        return call("vouchsafe.services_information",
                    "import",
                    json::object({{"spec", json::object({{"anchor", anchor}, {"document", document}})}}));
    }

    /// Everything that is stored, as text: to look for what must not be there.
    std::string stored() const {
        std::string all;
        for (const auto& [key, document] : documents.documents)
            all += key.first + " " + key.second + " " + json::canonical(document.value) + "\n";
        return all;
    }

    ManualClock clock;
    crypto::SystemRandom random;
    MemoryDocuments documents;
    manager::TokenService tokens{.issuer = "https://workload.localhost/openidconnect/vouchsafe",
                                 .domain = "workload.localhost",
                                 .key = crypto::EcPrivateKey::generate(),
                                 .certificate_pem = "-----BEGIN CERTIFICATE-----"};
    manager::OrderHub hub{random};
    manager::Workload workload{{.documents = documents,
                                .tokens = tokens,
                                .clock = clock,
                                .random = random,
                                .hub = hub,
                                .name = "workload.localhost"}};
    manager::Operations operations;
    manager::Caller caller{.user = "ada", .groups = {}};
    AuthorityKeys authority{clock.time};
    net::WorkerPool pool{{.threads = 2, .queue = 16}};
    manager::AgentDoor door = workload.agent_door(pool);
};

/// A host as the manager sees it: a client key, and polls.
class PollingHost {
public:
    PollingHost(ManagerWorld& world, std::string key, std::string name)
        : world_(world), key_(std::move(key)), name_(std::move(name)) {
        report.label = name_;
        report.agent_version = "0.1.0";
        report.state = "unknown";
        report.wait = 60;
    }

    net::Response join(const std::string& token) {
        auto answer = world_.post(
            "join",
            key_,
            protocol::JoinRequest{.token = token, .name = name_, .agent_version = "0.1.0"}.to_json());
        net::Response response = wait_for(answer);
        if (response.status == 200)
            id = protocol::JoinAnswer::from_json(json::parse(response.body).value())->host;
        return response;
    }

    std::future<net::Response> start_poll() { return world_.post("poll", key_, report.to_json()); }

    net::Response poll() {
        auto answer = start_poll();
        return wait_for(answer);
    }

    /// A poll that is answered with nothing unless something waits already.
    std::vector<protocol::HostOrder> look() {
        report.wait = 0;
        auto found = orders();
        report.wait = 60;
        return found;
    }

    /// A poll that waits for orders.
    std::vector<protocol::HostOrder> orders() {
        const net::Response response = poll();
        report.results.clear();
        if (response.status != 200)
            return {};
        bodies += response.body + "\n";
        return protocol::PollAnswer::from_json(json::parse(response.body).value())->orders;
    }

    /// Tells the outcome of an order with the next poll.
    void finish(const std::string& order, std::optional<protocol::OrderProblem> problem = {}) {
        report.results.push_back({.order = order, .problem = std::move(problem), .created = {}});
    }

    std::string id;               ///< once joined
    protocol::PollRequest report; ///< of the next poll
    std::string bodies;           ///< of every answer, to look for what must not be there

private:
    ManagerWorld& world_;
    std::string key_;
    std::string name_;
};

} // namespace vouchsafe::test
