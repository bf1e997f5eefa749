#include "api/operation.h"
#include "api/router.h"
#include "json/write.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace vouchsafe::api {
namespace {

using net::Method;

std::string name_of(const Operation& row) {
    return std::string(row.service) + "." + std::string(row.name);
}

std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < path.size();) {
        const auto end = std::min(path.find('/', at + 1), path.size());
        out.emplace_back(path.substr(at + 1, end - at - 1));
        at = end;
    }
    return out;
}

bool is_parameter(const std::string& segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}

bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// --- what is wrong with a row: nothing, for every row of the table

struct Problems {
    std::vector<std::string> found;

    void unless(bool good, const std::string& what) {
        if (!good)
            found.push_back(what);
    }
};

void check_type(const Type& type, Problems& problems, const std::string& where) {
    problems.unless((type.kind == Kind::structure) == (type.structure != nullptr), where + ": structure");
    problems.unless((type.kind == Kind::list) == (type.element != nullptr), where + ": element");
    problems.unless((type.kind == Kind::word) == !type.words.empty(), where + ": words");
    problems.unless(std::set(type.words.begin(), type.words.end()).size() == type.words.size(),
                    where + ": a word twice");
    if (type.element != nullptr) {
        problems.unless(type.element->kind != Kind::none, where + ": a list of nothing");
        check_type(*type.element, problems, where + "[]");
    }
    if (type.structure == nullptr)
        return;
    problems.unless(!type.structure->name.empty(), where + ": a structure without a name");
    std::set<std::string_view> names;
    for (const Field& field : type.structure->fields) {
        const std::string at = where + "." + std::string(field.name);
        problems.unless(!field.name.empty() && names.insert(field.name).second, at + ": name");
        problems.unless(field.type.kind != Kind::none, at + ": without a type");
        check_type(field.type, problems, at);
    }
}

bool has_secret(const Type& type) {
    if (type.element != nullptr)
        return has_secret(*type.element);
    return type.kind == Kind::secret ||
           (type.structure != nullptr && std::ranges::any_of(type.structure->fields, [](const Field& field) {
                return has_secret(field.type);
            }));
}

void check_path(const Operation& row, Problems& problems) {
    problems.unless(row.path.starts_with('/') && !row.path.ends_with('/') &&
                        row.path.find_first_of("?#% ") == std::string_view::npos,
                    "path");
    std::set<std::string> names;
    for (const std::string& segment : segments(row.path)) {
        if (segment.find_first_of("{}") == std::string::npos)
            continue;
        const bool whole = is_parameter(segment) && is_word(segment.substr(1, segment.size() - 2));
        problems.unless(whole, "path parameter " + segment);
        problems.unless(names.insert(segment.substr(1, segment.size() - 2)).second, "path parameter twice");
    }
    for (const Field& field : row.query) {
        problems.unless(names.insert(std::string(field.name)).second, "query: name");
        problems.unless(field.name != "action" && field.name != "vmw-task", "query: a name of the router's");
        const Type& type = field.type.kind == Kind::list ? *field.type.element : field.type;
        constexpr std::array plain = {Kind::text, Kind::id, Kind::word};
        problems.unless(
            std::ranges::find(plain, type.kind) != plain.end() ||
                (field.type.kind != Kind::list && (type.kind == Kind::integer || type.kind == Kind::boolean)),
            "query: a type that an URL cannot hold");
        check_type(field.type, problems, "query." + std::string(field.name));
    }
    problems.unless(!names.contains(std::string(row.body_name)), "body_name: taken");
}

std::vector<std::string> problems_of(const Operation& row) {
    Problems problems;
    problems.unless(is_word(row.name) && !row.service.empty(), "name");
    check_path(row, problems);
    check_type(row.body, problems, "body");
    check_type(row.result, problems, "result");
    problems.unless((row.body.kind == Kind::none) == row.body_name.empty(), "body and body_name");
    const bool bodiless = row.method == Method::get || row.method == Method::delete_;
    problems.unless(row.body.kind == Kind::none || !bodiless, "body of a GET or DELETE");
    problems.unless(row.body.kind != Kind::none || row.body_need == Need::required, "body_need");

    const bool nothing = row.result.kind == Kind::none;
    if (row.answer == Answer::task) {
        problems.unless(row.status == 200, "status of a task");
        problems.unless(!has_secret(row.result), "a secret that a task would keep");
    } else {
        problems.unless((row.status == 204) == nothing, "204");
        problems.unless(row.status == 204 || row.status == 200 ||
                            (row.status == 201 && (row.method == Method::post)),
                        "status");
    }
    const bool reads =
        row.method == Method::get || row.action == "query" || row.action == "what-if" || row.name == "list";
    // A log-in changes nothing but the caller's own session.
    problems.unless(row.service == "cis.session" || reads == (row.effect == Effect::read), "effect");
    problems.unless(row.effect == Effect::trust ||
                        !access::to_string(row.privilege).starts_with("TrustedAdmin.") || reads,
                    "a change of trust that is not for TrustedAdmins alone");
    return problems.found;
}

TEST(Table, EveryRowIsWellFormed) {
    ASSERT_GT(operations().size(), 80U);
    for (const Operation& row : operations())
        EXPECT_EQ(problems_of(row), std::vector<std::string>{}) << name_of(row);
}

constexpr std::array twice_fields = {Field{"a", text}, Field{"a", text}};
constexpr Structure twice{"t", twice_fields};
constexpr std::array secret_fields = {Field{"s", secret}};
constexpr Structure with_secret{"t", secret_fields};
constexpr std::array id_query = {Field{"id", id}};
constexpr std::array document_query = {Field{"d", document}};

TEST(Table, TheChecksOfRowsSeeWhatIsWrong) {
    const Operation good{.service = "s",
                         .name = "n",
                         .method = Method::post,
                         .path = "/api/s/{id}",
                         .body_name = "spec",
                         .body = text,
                         .result = text,
                         .server = Server::both,
                         .privilege = access::Privilege::session,
                         .effect = Effect::change};
    ASSERT_EQ(problems_of(good), std::vector<std::string>{});
    using Spoil = void (*)(Operation&);
    const std::pair<std::string_view, Spoil> cases[] = {
        {"NoName", [](Operation& row) { row.name = ""; }},
        {"NoSlash", [](Operation& row) { row.path = "api"; }},
        {"SlashAtTheEnd", [](Operation& row) { row.path = "/api/"; }},
        {"QueryInThePath", [](Operation& row) { row.path = "/api?x"; }},
        {"BrokenParameter", [](Operation& row) { row.path = "/api/{id"; }},
        {"ParameterInAWord", [](Operation& row) { row.path = "/api/x{id}"; }},
        {"ParameterTwice", [](Operation& row) { row.path = "/api/{id}/{id}"; }},
        {"QueryNamedAsAParameter", [](Operation& row) { row.query = id_query; }},
        {"QueryWithADocument", [](Operation& row) { row.query = document_query; }},
        {"BodyNamedAsAParameter", [](Operation& row) { row.body_name = "id"; }},
        {"BodyWithoutAName", [](Operation& row) { row.body_name = ""; }},
        {"NameWithoutABody", [](Operation& row) { row.body = none; }},
        {"GetWithABody",
         [](Operation& row) {
             row.method = Method::get;
             row.effect = Effect::read;
         }},
        {"StructureOfNothing", [](Operation& row) { row.body = Type{.kind = Kind::structure}; }},
        {"MemberTwice", [](Operation& row) { row.body = structure(twice); }},
        {"ListOfNothing", [](Operation& row) { row.body = Type{.kind = Kind::list}; }},
        {"NoWords", [](Operation& row) { row.body = Type{.kind = Kind::word}; }},
        {"NoContentWithAResult", [](Operation& row) { row.status = 204; }},
        {"ContentWithoutAResult", [](Operation& row) { row.result = none; }},
        {"OddStatus", [](Operation& row) { row.status = 202; }},
        {"SecretInATask",
         [](Operation& row) {
             row.answer = Answer::task;
             row.result = structure(with_secret);
         }},
        {"ChangeThatSaysItReads", [](Operation& row) { row.effect = Effect::read; }},
        {"TrustThatAnybodyMayChange",
         [](Operation& row) { row.privilege = access::Privilege::manage_kms_trust; }},
    };
    for (const auto& [name, spoil] : cases) {
        Operation row = good;
        spoil(row);
        EXPECT_NE(problems_of(row), std::vector<std::string>{}) << name;
    }
}

// --- the whole table

TEST(Table, NoRequestFitsTwoRows) {
    const auto all = operations();
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = i + 1; j < all.size(); ++j) {
            if (all[i].method != all[j].method || all[i].action != all[j].action)
                continue;
            const bool both = std::ranges::equal(
                segments(all[i].path), segments(all[j].path), [](const auto& a, const auto& b) {
                    return a == b || is_parameter(a) || is_parameter(b);
                });
            EXPECT_FALSE(both) << name_of(all[i]) << " and " << name_of(all[j]);
        }
}

TEST(Table, OneNameIsOneShape) {
    std::map<std::string_view, std::span<const Field>> known;
    const auto visit = [&known](const auto& self, const Type& type) -> void {
        if (type.element != nullptr)
            self(self, *type.element);
        if (type.structure == nullptr)
            return;
        const auto fields = type.structure->fields;
        const auto [entry, fresh] = known.emplace(type.structure->name, fields);
        EXPECT_TRUE(fresh || entry->second.size() == fields.size()) << type.structure->name;
        for (std::size_t i = 0; i < std::min(fields.size(), entry->second.size()); ++i)
            EXPECT_EQ(entry->second[i].name, fields[i].name) << type.structure->name;
        for (const Field& field : fields)
            self(self, field.type);
    };
    for (const Operation& row : operations()) {
        visit(visit, row.body);
        visit(visit, row.result);
    }
    EXPECT_GT(known.size(), 40U);
}

// A row that says nothing about its privilege is open. So who needs none is written here a second time: a new
// one is an act, never an omission.
TEST(Table, AlmostEverythingNeedsAPrivilege) {
    const std::map<access::Privilege, std::vector<std::string>> expected = {
        {access::Privilege::open, {"cis.session.create"}},
        {access::Privilege::agent, {"vouchsafe.agents.join", "vouchsafe.agents.poll"}},
        {access::Privilege::session,
         {"cis.session.delete",
          "cis.session.get",
          "cis.tasks.cancel",
          "cis.tasks.get",
          "cis.tasks.list",
          "vouchsafe.status.get"}},
    };
    for (const auto& [privilege, names] : expected) {
        std::vector<std::string> found;
        for (const Operation& row : operations())
            if (row.privilege == privilege)
                found.push_back(name_of(row));
        std::ranges::sort(found);
        EXPECT_EQ(found, names) << access::to_string(privilege);
    }
}

// Two management servers: what one side has, the other has not.
TEST(Table, EachServiceHasItsServer) {
    const std::pair<std::string_view, Server> sides[] = {
        {"cis.", Server::both},
        {"vcenter.trusted_infrastructure.trust_authority_", Server::authority},
        {"vcenter.trusted_infrastructure.trusted_clusters", Server::workload},
        {"vcenter.trusted_infrastructure.principal", Server::workload},
        {"vcenter.trusted_infrastructure.attestation", Server::workload},
        {"vcenter.trusted_infrastructure.kms", Server::workload},
        {"vouchsafe.status", Server::both},
        {"vouchsafe.users", Server::both},
        {"vouchsafe.groups", Server::both},
        {"vouchsafe.authority_hosts", Server::authority},
        {"vouchsafe.enrolments", Server::authority},
        {"vouchsafe.tpm_cas", Server::authority},
        {"vouchsafe.tpm_settings", Server::authority},
        {"vouchsafe.policy", Server::authority},
        {"vouchsafe.firmware_", Server::authority},
        {"vouchsafe.provider_policy", Server::authority},
        {"vouchsafe.provider_connection", Server::authority},
        {"vouchsafe.providers", Server::authority},
        {"vouchsafe.provider_generations", Server::authority},
        {"vouchsafe.audit", Server::authority},
        {"vouchsafe.revocations", Server::authority},
        {"vouchsafe.services_information.export", Server::authority},
        {"vouchsafe.services_information", Server::workload},
        {"vouchsafe.clusters", Server::workload},
        {"vouchsafe.join_tokens", Server::workload},
        {"vouchsafe.hosts", Server::workload},
        {"vouchsafe.vms", Server::workload},
        {"vouchsafe.agents", Server::workload},
    };
    for (const Operation& row : operations()) {
        const auto* const side = std::ranges::find_if(
            sides, [&](const auto& entry) { return name_of(row).starts_with(entry.first); });
        ASSERT_NE(side, std::end(sides)) << name_of(row) << " belongs to no server yet";
        EXPECT_EQ(row.server, side->second) << name_of(row);
    }
}

// --- every row, on the wire and back

json::Value example(const Type& type) {
    switch (type.kind) {
    case Kind::none:
        return {};
    case Kind::text:
    case Kind::secret:
        return "a text: ü, \n, %2F";
    case Kind::id:
        return "an id/with ü & 100%?";
    case Kind::binary:
        return "AAEC";
    case Kind::time:
        return "2026-11-23T20:52:01.000Z";
    case Kind::integer:
        return 7;
    case Kind::boolean:
        return true;
    case Kind::word:
        return type.words.back();
    case Kind::document:
        return json::object({{"any", json::array({1, "x"})}});
    case Kind::list:
        return json::array({example(*type.element), example(*type.element)});
    case Kind::structure:
        break;
    }
    json::Object members;
    for (const Field& field : type.structure->fields)
        members.emplace(field.name, example(field.type));
    return json::Value(std::move(members));
}

json::Object example_input(const Operation& row) {
    json::Object input;
    for (const std::string& segment : segments(row.path))
        if (is_parameter(segment))
            input.emplace(segment.substr(1, segment.size() - 2), example(id));
    for (const Field& field : row.query)
        input.emplace(field.name, example(field.type));
    if (!row.body_name.empty())
        input.emplace(row.body_name, example(row.body));
    return input;
}

net::Request request_of(const Operation& row, const WireCall& call) {
    net::Request request;
    request.method = row.method;
    request.target = call.target;
    request.body = to_buffer(as_bytes(call.body));
    return request;
}

TEST(Table, EveryRowTravelsAsARequest) {
    for (const Operation& row : operations()) {
        const json::Value input(example_input(row));
        const auto call = write_call(row, input);
        ASSERT_TRUE(call) << name_of(row) << " " << call.error().detail;
        const auto route = find_route(row.method, call->target);
        ASSERT_TRUE(route) << name_of(row) << " " << call->target;
        EXPECT_EQ(*route, &row);
        const auto read = read_input(row, request_of(row, *call));
        ASSERT_TRUE(read) << name_of(row) << " " << read.error().detail;
        EXPECT_EQ(*read, input) << name_of(row);
        EXPECT_LE(call->body.size(), body_limit(row.method, call->target));
    }
}

TEST(Table, NoRowTakesLessOrMoreThanItsShape) {
    for (const Operation& row : operations()) {
        const json::Object whole = example_input(row);
        json::Object more = whole;
        more.emplace("surplus", 1);
        EXPECT_FALSE(check_input(row, json::Value(more))) << name_of(row);
        for (const auto& [name, value] : whole) {
            const bool may_be_absent = (name == row.body_name && row.body_need == Need::optional) ||
                                       std::ranges::any_of(row.query, [&name](const Field& field) {
                                           return field.name == name && field.need == Need::optional;
                                       });
            if (may_be_absent)
                continue;
            json::Object less = whole;
            less.erase(name);
            EXPECT_FALSE(check_input(row, json::Value(less))) << name_of(row) << " without " << name;
        }
    }
}

} // namespace
} // namespace vouchsafe::api
