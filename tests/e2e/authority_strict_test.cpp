// Freshness "strict" with real parts: an agent with swtpm in front of a real authority host with PyKMIP. What
// the TPM shows changes while the token still lives.
#include "agent/https_peer.h"
#include "agent/trust.h"
#include "json/write.h"
#include "net/cancel.h"
#include "net/system_clock.h"
#include "tests/support/attestation_house.h"
#include "tests/support/authority_process.h"
#include "tests/support/key_server_process.h"
#include "tests/support/played_host.h"
#include "tests/support/replayed_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace vouchsafe::test {
namespace {

using Steady = std::chrono::steady_clock;

/// The agent on the machine.
class TrustedHost {
public:
    TrustedHost(ReplayedMachine& machine, AuthorityProcess& authority)
        : attester_({.anchor = authority.anchor(), .label = "host", .agent_version = "0.1.0"},
                    identify(machine.tpm(), state_.attestation_key_seed(random_).value()).value(),
                    machine.tpm(),
                    machine.platform()),
          trust_(authority.anchor(),
                 {.state = state_,
                  .attester = attester_,
                  .dialer = *dialer_,
                  .clock = clock_,
                  .random = random_}) {
        const json::Value exported = authority.must("vouchsafe.services_information", "export", {});
        VS_CHECK(trust_.configure(*exported.find("document"), 1).has_value());
    }

    agent::Trust& trust() { return trust_; }

    const HostId& id() const { return attester_.identity().id; }

private:
    TestDirectory folder_;
    agent::AgentState state_ = agent::AgentState::open(folder_.path() + "/state").value();
    crypto::SystemRandom random_;
    net::SystemClock clock_;
    net::Cancellation cancellation_;
    std::unique_ptr<agent::AuthorityDialer> dialer_ =
        agent::make_authority_dialer({.resolve = {}, .cancellation = &cancellation_});
    agent::Attester attester_;
    agent::Trust trust_;
};

/// A cluster that trusts the machine by an image that approves the file content "ok"; with one provider of
/// each freshness.
class StrictTest : public testing::Test {
protected:
    StrictTest() {
        authority.claim();
        const std::string cluster = authority.cluster();
        authority.must(
            service::cas,
            "create",
            {{"cluster", cluster},
             {"spec",
              json::object(
                  {{"name", "swtpm"},
                   {"cert_chain",
                    json::object({{"cert_chain", json::array({json::Value(machine.ca_pem())})}})}})}});
        appraisal::BaseImage image = AttestationHouse::image_of(machine.boot(), "strict-1");
        image.userspace = appraisal::Userspace::ima;
        image.ima.emplace().digests =
            appraisal::FileDigests::of({{appraisal::Algorithm::sha256, {ReplayedMachine::digest_of("ok")}}});
        authority.must(service::images,
                       "import_from_imgdb",
                       {{"cluster", cluster}, {"imgdb", to_base64(appraisal::encode(image))}});
        add_provider(authority, key_server, "lenient", {.name = "kms", .address = key_server.address()});
        add_provider(
            authority, another_server, "strict", {.name = "kms", .address = another_server.address()});
        authority.must("vouchsafe.provider_policy",
                       "set",
                       {{"provider", "strict"}, {"spec", json::object({{"freshness", "strict"}})}});
        host.emplace(machine, authority);
        VS_CHECK(host->trust().attest().has_value());
        authority.must(service::enrolments, "approve", {{"host", host->id().text}});
        VS_CHECK(host->trust().attest().has_value());
        const agent::TrustReport report = host->trust().report();
        for (const protocol::Reason& reason : report.reasons)
            std::fprintf(stderr, "%s: %s\n", reason.code.c_str(), reason.message.c_str());
        VS_CHECK(report.standing == agent::Standing::trusted);
    }

    ~StrictTest() override {
        EXPECT_EQ(authority.daemon().stop(), 0);
        EXPECT_EQ(sanitizer_report(authority.daemon().log()), "");
    }

    Result<protocol::ReleasedKey> ask(const std::string& provider) {
        return agent::generate_key(host->trust(), {.provider = {provider}, .context = fresh_context()});
    }

    /// Where the provider's refusal is; empty when a key came.
    std::string refusal(const std::string& provider) {
        const auto key = ask(provider);
        if (!key)
            std::fprintf(stderr,
                         "%s: %s: %s\n",
                         provider.c_str(),
                         key.error().where.c_str(),
                         key.error().detail.c_str());
        return key ? "" : key.error().where;
    }

    std::vector<audit::AuditRecord> records(std::string_view kind) const {
        auto all = authority.audit_records();
        std::erase_if(all, [kind](const auto& record) { return record.kind != kind; });
        return all;
    }

    std::string text(const audit::AuditRecord& record, std::string_view field) const {
        const auto found = record.fields.find(field);
        return found == record.fields.end() ? "" : found->second.as_string();
    }

    AuthorityProcess authority;
    KeyServerProcess key_server;
    KeyServerProcess another_server; // one primary key is for one provider
    ReplayedMachine machine;
    std::optional<TrustedHost> host;
};

TEST_F(StrictTest, ReleasesWhileTheHostIsWhatItAttested) {
    EXPECT_EQ(refusal("strict"), "");
    EXPECT_EQ(refusal("lenient"), "");
    const auto released = records(audit::kind::release);
    ASSERT_EQ(released.size(), 2U);
    EXPECT_EQ(text(released[0], "freshness"), "strict");
    EXPECT_EQ(text(released[1], "freshness"), "result");
    const auto asked = records(audit::kind::refused); // so the agent learned that a quote is wanted, once
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(text(asked[0], "reason"), "gate.freshness");

    const auto made = ask("strict");
    ASSERT_TRUE(made) << made.error().where;
    const protocol::Context context = fresh_context();
    EXPECT_EQ(
        agent::decrypt_key(host->trust(),
                           {.provider = {"strict"}, .ciphertext = *made->ciphertext, .context = context})
            .error()
            .where,
        "blob.open"); // another key's context: fresh, and refused all the same

    // What IMA lists and the image approves, the request explains.
    const std::size_t attested = records(audit::kind::attestation).size();
    machine.use_file("/usr/bin/a", "ok");
    EXPECT_EQ(refusal("strict"), "");
    machine.use_file("/usr/bin/b", "ok");
    EXPECT_EQ(refusal("strict"), "");
    EXPECT_EQ(records(audit::kind::attestation).size(), attested);
    EXPECT_EQ(records(audit::kind::refused).size(), 2U); // gate.freshness, blob.open
}

TEST_F(StrictTest, RefusesAfterAPcrWasExtendedThoughTheTokenLives) {
    ASSERT_EQ(refusal("strict"), "");
    machine.extend(14, as_bytes("unapproved"));
    EXPECT_EQ(refusal("lenient"), ""); // the token still lives
    EXPECT_EQ(refusal("strict"), "freshness.pcr");
    const auto released = records(audit::kind::release);
    const auto refused = records(audit::kind::refused);
    ASSERT_EQ(released.size(), 2U);
    ASSERT_EQ(refused.size(), 2U);
    EXPECT_EQ(text(refused.back(), "reason"), "freshness.pcr");
    EXPECT_EQ(text(refused.back(), "token"), text(released.back(), "token"));
    // The agent attested again, and was refused for the same.
    EXPECT_EQ(host->trust().report().standing, agent::Standing::refused);
    EXPECT_EQ(refusal("lenient"), "host.not_trusted");
}

TEST_F(StrictTest, RefusesAfterAFileWasUsedThatIsNotApproved) {
    ASSERT_EQ(refusal("strict"), "");
    machine.use_file("/tmp/other", "other");
    EXPECT_EQ(refusal("lenient"), "");
    const auto refused = ask("strict");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "freshness.ima");
    EXPECT_TRUE(refused.error().detail.contains("'/tmp/other' is not approved"));
}

TEST_F(StrictTest, CostsOneQuote) {
    constexpr int releases = 20;
    const auto median = [&](const std::string& provider) {
        std::vector<double> took;
        for (int i = 0; i <= releases; ++i) {
            const auto begin = Steady::now();
            EXPECT_EQ(refusal(provider), "");
            if (i > 0) // the first opens the session, and learns what is wanted
                took.push_back(std::chrono::duration<double, std::milli>(Steady::now() - begin).count());
        }
        std::ranges::sort(took);
        return took[took.size() / 2];
    };
    const double result = median("lenient");
    const double strict = median("strict");
    std::printf(
        "release by swtpm and agent, p50 of %d: result %.2f ms, strict %.2f ms\n", releases, result, strict);
}

} // namespace
} // namespace vouchsafe::test
