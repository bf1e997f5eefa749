// Failover over real connections: two key servers of our own, one of which does what real ones do at their
// worst; and the versions and replicas that PyKMIP does not have.
#include "keyprovider/kmip_key_server.h"
#include "net/kmip_transport.h"
#include "tests/support/kmip_wire.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace vouchsafe::test {
namespace {

using namespace std::chrono_literals;

/// A transport that several clients use.
class Way final : public kmip::Transport {
public:
    explicit Way(net::KmipTransport& transport) : transport_(transport) {}

    Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override {
        return transport_.exchange(request, deadline);
    }

private:
    net::KmipTransport& transport_;
};

class KmipWireTest : public testing::Test, public keyprovider::KmipConnector {
public:
    Result<std::unique_ptr<kmip::Transport>> connect(const inventory::Provider&,
                                                     const inventory::KmipServer& server) override {
        return std::make_unique<Way>(*transports_.at(server.name));
    }

    Result<std::optional<kmip::Credential>> credential(const inventory::Provider&) override {
        return std::nullopt;
    }

    kmip::Deadline deadline(const inventory::Provider&) override {
        return std::chrono::steady_clock::now() + 4 * limit_;
    }

    Result<kmip::Deadline> answer_deadline(const inventory::Provider&, kmip::Deadline operation) override {
        return std::min(operation, std::chrono::steady_clock::now() + limit_);
    }

protected:
    KmipWireTest() {
        first_.keys["pk"] = {.material = Buffer(32, 0x11)};
        provider_.uid = "p";
        add("first", first_wire_);
        add("second", second_wire_);
    }

    void add(const std::string& name, const KmipWire& wire) {
        const net::test::TestCertificate own = net::test::make_certificate({.name = "authority"});
        transports_[name] =
            net::KmipTransport::create({.server = {.host = "key-server.localhost", .port = wire.port()},
                                        .trust = net::PinnedCertificates{{wire.certificate_pem()}},
                                        .identity = own.identity(),
                                        .message_bytes = 1U << 16U})
                .value();
        provider_.servers.push_back({.name = name, .address = {.hostname = name, .port = wire.port()}});
    }

    /// The first byte of the key that was got, or where that failed.
    std::string fetched() {
        const auto got = key_server_.fetch(provider_, generation_);
        return got ? got->key.material.expose([](Bytes bytes) { return std::to_string(bytes[0]); })
                   : got.error().where;
    }

    keyprovider::ServerRecord record(std::size_t at) {
        return key_server_.record(provider_, provider_.servers.at(at));
    }

    KmipServer first_;
    KmipServer second_{first_.store()}; ///< a replica that never lags
    KmipWire first_wire_{first_};
    KmipWire second_wire_{second_};
    std::map<std::string, std::unique_ptr<net::KmipTransport>> transports_;
    std::chrono::milliseconds limit_ = 20s;
    SteppedClock clock_;
    CountingRandom random_;
    keyprovider::KmipKeyServer key_server_{*this, clock_, random_};
    inventory::Provider provider_;
    inventory::Generation generation_{
        .number = 1, .primary_key = "pk", .check_value = keyprovider::check_value(Secret(Buffer(32, 0x11)))};
};

struct Row {
    const char* name;
    WireFault fault;
    bool waits; ///< until the deadline
};

constexpr Row rows[] = {
    {"Frozen", WireFault::frozen, true},
    {"HalfMessage", WireFault::half_message, true},
    {"CutMessage", WireFault::cut_message, false},
    {"Closes", WireFault::closes, false},
    {"Huge", WireFault::huge, false},
    {"NotKmip", WireFault::not_kmip, false},
};

class Broken : public KmipWireTest, public testing::WithParamInterface<Row> {};

TEST_P(Broken, IsPassedOverAndComesBack) {
    EXPECT_EQ(fetched(), "17");
    first_wire_.fault = GetParam().fault;
    limit_ = GetParam().waits ? 500ms : 20s; // long enough for the second, which answers at once
    EXPECT_EQ(fetched(), "17");
    EXPECT_TRUE(record(0).failure);
    EXPECT_FALSE(record(1).failure);
    first_wire_.fault = WireFault::none;
    second_wire_.fault = WireFault::closes;
    limit_ = 20s;
    clock_.pass(1min);
    EXPECT_EQ(fetched(), "17"); // by the first
    EXPECT_FALSE(record(0).failure);
}

INSTANTIATE_TEST_SUITE_P(Servers, Broken, testing::ValuesIn(rows), [](const auto& row) {
    return std::string(row.param.name);
});

TEST_F(KmipWireTest, TakesSlowAnswers) {
    first_wire_.fault = WireFault::byte_by_byte;
    EXPECT_EQ(fetched(), "17");
    EXPECT_FALSE(record(0).failure);
}

// Kept connections are closed under us: nobody notices, and the server stays in use.
TEST_F(KmipWireTest, SendsAgainWhereTheServerClosesIdleConnections) {
    EXPECT_EQ(fetched(), "17");
    first_wire_.fault = WireFault::closes_idle;
    const int before = first_wire_.connections();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(fetched(), "17");
    EXPECT_FALSE(record(0).failure);
    EXPECT_GT(first_wire_.connections(), before);
}

// A surplus answer would be taken for the answer to the next request.
TEST_F(KmipWireTest, DropsAConnectionWithSurplusBytes) {
    first_wire_.fault = WireFault::two_answers;
    EXPECT_EQ(fetched(), "17");
    EXPECT_EQ(fetched(), "17");
}

TEST_F(KmipWireTest, SpeaksOldAndNew) {
    for (const kmip::ProtocolVersion only : {kmip::ProtocolVersion{1, 1}, kmip::ProtocolVersion{2, 1}}) {
        first_.versions = {only};
        EXPECT_EQ(fetched(), "17") << to_string(only);
        EXPECT_FALSE(record(0).failure);
    }
}

TEST_F(KmipWireTest, KnowsReplicasThatLagFromReplicasThatDiffer) {
    KmipServer empty;
    KmipWire empty_wire(empty);
    KmipServer differs;
    differs.keys["pk"] = {.material = Buffer(32, 0x22)};
    KmipWire differs_wire(differs);
    EXPECT_EQ(fetched(), "17");
    add("third", empty_wire);
    add("fourth", differs_wire);
    key_server_.compare(provider_, generation_);
    EXPECT_FALSE(record(2).excluded);
    EXPECT_FALSE(record(2).failure); // it answered
    EXPECT_TRUE(record(3).excluded);
    for (KmipWire* const wire : {&first_wire_, &second_wire_})
        wire->fault = WireFault::closes;
    EXPECT_NE(fetched(), "34"); // the wrong key is never taken, whatever else is dead
    transports_.clear();        // the servers of this test wait for their clients to go
}

} // namespace
} // namespace vouchsafe::test
