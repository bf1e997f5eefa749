// Whatever is revoked is revoked for tokens and sessions that were given before, too: each kind at a
// real authority host while keys are being released.
#include "crypto/x509.h"
#include "json/parse.h"
#include "keyprovider/blob_format.h"
#include "tests/support/authority_process.h"
#include "tests/support/key_server_process.h"
#include "tests/support/played_host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace vouchsafe::test {
namespace {

constexpr std::size_t workers = 3;
constexpr int releases_before = 5; ///< of each worker, before the revocation begins

/// What the row of a kind is about.
struct Revoked {
    AuthorityProcess& authority;
    PlayedHost& host;
    const protocol::Context& context; ///< of a VM with this blob
    const Buffer& blob;

    json::Value enrolment(const char* operation) const {
        return authority.must(service::enrolments, operation, {{"host", host.machine.host().text}});
    }
};

std::string fingerprint_of_ca(const Revoked&) {
    const auto chain = crypto::certificates_from_pem(as_text(read_vector("attestation/ek-ca.pem")));
    return to_hex(chain.value().front().fingerprint());
}

std::string tpm_model(const Revoked& of) {
    const json::Value shown = of.enrolment("get");
    const json::Value& tpm = *shown.find("enrolment")->find("tpm");
    const auto text = [&tpm](const char* name) { return tpm.find(name)->as_string(); };
    return text("manufacturer") + "/" + text("model") + "/" + text("firmware_version");
}

std::string firmware(const Revoked& of) {
    return of.enrolment("explain").find("firmware")->find("pcr0")->as_string();
}

std::string token_key(const Revoked& of) {
    const std::string& token = of.host.token();
    const auto header = from_base64url(token.substr(0, token.find('.')));
    return json::parse(as_text(*header))->find("kid")->as_string();
}

std::string generation(const Revoked& of) {
    const auto blob = keyprovider::parse_blob(of.blob);
    return to_hex(blob->key.provider) + "/" + std::to_string(blob->key.generation);
}

/// Who is refused afterwards, also with fresh evidence.
enum class Falls : std::uint8_t {
    attestation, ///< the host
    session,     ///< every token of this authority host
    provider,    ///< every key of the generation
    key,         ///< the one VM's key
};

struct Row {
    const char* kind;
    std::string (*value)(const Revoked&);
    Falls falls;
    const char* code; ///< of the refusal
};

const Row rows[] = {
    {"host",
     [](const Revoked& of) { return of.host.machine.host().text; },
     Falls::attestation,
     "revoked.host"},
    {"ek", [](const Revoked& of) { return of.host.machine.ek_digest(); }, Falls::attestation, "revoked.ek"},
    {"ak", [](const Revoked& of) { return of.host.machine.ak_name(); }, Falls::attestation, "revoked.ak"},
    {"ca", fingerprint_of_ca, Falls::attestation, "endorsement.certificate"},
    {"image", [](const Revoked&) { return std::string("approved-1"); }, Falls::attestation, "image.none"},
    {"file",
     [](const Revoked& of) { return measured_kernel(of.host.machine.boot); },
     Falls::attestation,
     "revoked.file"},
    {"firmware", firmware, Falls::attestation, "revoked.firmware"},
    {"tpm_model", tpm_model, Falls::attestation, "revoked.tpm_model"},
    {"authority_key", token_key, Falls::session, "gate.revoked"},
    {"generation", generation, Falls::provider, "gate.key_revoked"},
    {"key_id", [](const Revoked& of) { return of.context.key_id; }, Falls::key, "gate.key_revoked"},
    {"blob",
     [](const Revoked& of) { return keyprovider::blob_digest(of.blob); },
     Falls::key,
     "gate.key_revoked"},
};

KeyServerProcess& key_server() {
    static KeyServerProcess server;
    return server;
}

/// Keys that left although they were asked for after the revocation was acknowledged; must be none.
struct Load {
    std::atomic<bool> acknowledged = false;
    std::atomic<int> late = 0;
    std::latch busy{workers};
};

// Opens the VM's key in one session until it is refused.
void take_keys(PlayedHost& host,
               protocol::HostSession session,
               const protocol::Operation& operation,
               Load& load) {
    for (int done = 0;; ++done) {
        if (done == releases_before)
            load.busy.count_down();
        const bool late = load.acknowledged;
        if (!host.release(session, operation)) {
            if (done < releases_before)
                load.busy.count_down();
            return;
        }
        if (late) {
            ++load.late;
            return;
        }
    }
}

class Revocation : public testing::TestWithParam<Row> {
protected:
    Revocation() {
        authority_.claim();
        enrol(authority_, host_, "approved-1");
        add_provider(authority_, key_server(), "gold", {.name = "main", .address = key_server().address()});
        VS_CHECK(opened());
        const auto made = host_.release(protocol::GenerateKey{.provider = {"gold"}, .context = context_});
        VS_CHECK(made.has_value());
        blob_ = *made->ciphertext;
    }

    void TearDown() override { EXPECT_EQ(authority_.daemon().stop(), 0); }

    Result<void> opened() {
        VS_TRY(const auto attested, host_.attest());
        if (attested.outcome != protocol::Outcome::trusted)
            return fail(Errc::denied, attested.reasons.front().code, "");
        return host_.open_session();
    }

    protocol::Operation decrypt() const {
        return protocol::DecryptKey{.provider = {"gold"}, .ciphertext = blob_, .context = context_};
    }

    void revoke(const std::string& kind, const std::string& value) {
        authority_.must("vouchsafe.revocations",
                        "create",
                        {{"spec", json::object({{"kind", kind}, {"value", value}, {"reason", "test"}})}});
    }

    AuthorityProcess authority_;
    PlayedHost host_;
    protocol::Context context_ = fresh_context();
    Buffer blob_;
};

TEST_P(Revocation, HoldsForWhatWasGivenBefore) {
    const Row& row = GetParam();
    const std::string value =
        row.value({.authority = authority_, .host = host_, .context = context_, .blob = blob_});
    Load load;
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < workers; ++i) {
            auto session = host_.new_session();
            ASSERT_TRUE(session);
            threads.emplace_back([&, session = *std::move(session)]() mutable {
                take_keys(host_, std::move(session), decrypt(), load);
            });
        }
        load.busy.wait();
        revoke(row.kind, value);
        load.acknowledged = true;
    }
    EXPECT_EQ(load.late, 0);
    EXPECT_EQ(host_.release(decrypt()).error().where, "release.session"); // the session from before
    const auto reopened = host_.new_session();
    ASSERT_FALSE(reopened); // and the token
    EXPECT_EQ(reopened.error().where, "gate.epoch");

    const auto again = opened();
    if (row.falls == Falls::attestation || row.falls == Falls::session) {
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().where, row.code);
        return;
    }
    ASSERT_TRUE(again) << again.error().where;
    const auto key = host_.release(decrypt());
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().where, row.code);
    const auto other = host_.release(protocol::GenerateKey{.provider = {"gold"}, .context = fresh_context()});
    EXPECT_EQ(other.has_value(), row.falls == Falls::key);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Revocation, testing::ValuesIn(rows), [](const auto& row) {
    return std::string(row.param.kind);
});

} // namespace
} // namespace vouchsafe::test
