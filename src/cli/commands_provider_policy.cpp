// Who may have a key provider's keys, and how fast.
#include "cli/command.h"

namespace vouchsafe::cli {

namespace {

struct PolicyOptions {
    std::string name;
    std::vector<std::string> host_groups;
    std::vector<std::string> base_images;
    bool any_host_group = false;
    bool any_base_image = false;
    std::string freshness; ///< "result", "strict", or "" for as it is
    std::string wrapping;  ///< "fetch", "remote", or "" for as it is
    std::string boot_only; ///< "yes", "no", or "" for as it is
    std::string compromised;
    std::int64_t host_burst = 0; ///< 0: as it is
    std::int64_t host_per_minute = 0;
    std::int64_t burst = 0;
    std::int64_t per_minute = 0;
};

void put_list(json::Object& spec,
              const std::string& member,
              const std::vector<std::string>& named,
              bool any) {
    if (any || !named.empty())
        spec.emplace(member, json::array_of(named));
}

void put_word(json::Object& spec, const std::string& member, const std::string& yes_or_no) {
    if (!yes_or_no.empty())
        spec.emplace(member, yes_or_no == "yes");
}

void put_number(json::Object& spec, const std::string& member, std::int64_t number) {
    if (number > 0)
        spec.emplace(member, number);
}

json::Object spec_of(const PolicyOptions& options) {
    json::Object spec;
    put_list(spec, "host_groups", options.host_groups, options.any_host_group);
    put_list(spec, "base_images", options.base_images, options.any_base_image);
    if (!options.freshness.empty())
        spec.emplace("freshness", options.freshness);
    if (!options.wrapping.empty())
        spec.emplace("wrapping", options.wrapping);
    put_word(spec, "unsafe_boot_only", options.boot_only);
    put_word(spec, "unsafe_compromised_key", options.compromised);
    put_number(spec, "host_quota_burst", options.host_burst);
    put_number(spec, "host_quota_per_minute", options.host_per_minute);
    put_number(spec, "quota_burst", options.burst);
    put_number(spec, "quota_per_minute", options.per_minute);
    return spec;
}

Result<void> set(Connection& connection, const Context& context, const PolicyOptions& options) {
    constexpr std::string_view service = "vouchsafe.provider_policy";
    VS_TRY_VOID(connection.call(
        service, "set", json::object({{"provider", options.name}, {"spec", spec_of(options)}})));
    VS_TRY(const json::Value policy,
           connection.call(service, "get", json::object({{"provider", options.name}})));
    show_one(context, policy);
    return {};
}

void declare(CLI::App& command, PolicyOptions& options) {
    const auto yes_or_no = [&command](const char* name, std::string& word, const char* text) {
        command.add_option(name, word, text)
            ->check(CLI::IsMember({"yes", "no"}).description("yes|no"))
            ->option_text("yes|no");
    };
    const auto number = [&command](const char* name, std::int64_t& value, const char* text) {
        command.add_option(name, value, text)->check(CLI::Range(1, 1'000'000));
    };
    command.add_option("name", options.name, "the provider")->required();
    auto* const groups = command.add_option(
        "--host-group", options.host_groups, "serve hosts of this group alone; may be repeated");
    command.add_flag("--any-host-group", options.any_host_group, "serve every approved host")
        ->excludes(groups);
    auto* const images = command.add_option(
        "--base-image", options.base_images, "serve hosts that booted this version alone; may be repeated");
    command.add_flag("--any-base-image", options.any_base_image, "serve hosts of every base image")
        ->excludes(images);
    command
        .add_option(
            "--freshness",
            options.freshness,
            "result: a live attestation result suffices; strict: each request for keys needs a quote of "
            "the host's TPM that shows it as it attested")
        ->check(CLI::IsMember({"result", "strict"}).description("result|strict"))
        ->option_text("result|strict");
    command
        .add_option("--wrapping",
                    options.wrapping,
                    "fetch: the primary key is held in the authority's memory; remote: it stays on the key "
                    "server, which is tried first")
        ->check(CLI::IsMember({"fetch", "remote"}).description("fetch|remote"))
        ->option_text("fetch|remote");
    yes_or_no("--unsafe-boot-only", options.boot_only, "serve hosts whose userspace nothing covers");
    yes_or_no("--unsafe-compromised-key",
              options.compromised,
              "open blobs under a primary key that its key server calls compromised");
    number("--host-burst", options.host_burst, "releases that one host gets at once (2048 at first)");
    number("--host-per-minute", options.host_per_minute, "and then in a minute (120 at first)");
    number("--burst", options.burst, "releases that all hosts together get at once (100000 at first)");
    number("--per-minute", options.per_minute, "and then in a minute (12000 at first)");
}

} // namespace

void add_provider_policy_commands(CLI::App& provider, Context& context) {
    add_command<PolicyOptions>(provider,
                               context,
                               "set",
                               "change who is served, and the quotas; what is not named stays as it is",
                               declare,
                               [&context](const PolicyOptions& options) {
                                   return with("authority", [&](Connection& connection) {
                                       return set(connection, context, options);
                                   });
                               });
}

} // namespace vouchsafe::cli
