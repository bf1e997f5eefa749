#include "authority/coalescing_key_server.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace vouchsafe::authority {
namespace {

/// Answers once the test says so.
struct SlowServer final : keyprovider::KeyServer {
    std::promise<void> go;
    std::shared_future<void> gone = go.get_future().share();
    std::atomic<int> opened = 0;

    Result<keyprovider::FetchedKey> fetch(const inventory::Provider&, const inventory::Generation&) override {
        return fail(Errc::unsupported, "none");
    }

    Result<kmip::Attributes> attributes(const inventory::Provider&, const inventory::Generation&) override {
        return fail(Errc::unsupported, "none");
    }

    Result<Buffer> seal(const inventory::Provider&,
                        const inventory::Generation&,
                        const keyprovider::AeadInput&,
                        const Secret&) override {
        return fail(Errc::unsupported, "none");
    }

    Result<Secret> open(const inventory::Provider&,
                        const inventory::Generation&,
                        const keyprovider::AeadInput&,
                        Bytes sealed) override {
        ++opened;
        gone.wait();
        if (sealed.front() == 0)
            return fail(Errc::untrusted, "blob.open");
        return Secret(sealed);
    }
};

TEST(Coalescing, AsksOnceForEqualBlobsUnderWay) {
    SlowServer slow;
    CoalescingKeyServer server(slow);
    const inventory::AuthorityState state = test::make_state();
    const inventory::Provider& provider = state.providers.at("gold");
    const Buffer nonce(12, 1);
    const auto open = [&](std::uint8_t text) {
        const Buffer sealed(48, text);
        const keyprovider::AeadInput input{.nonce = nonce, .additional_data = {}};
        return server.open(provider, provider.generations.back(), input, sealed);
    };
    constexpr int hosts = 4;
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < hosts; ++i)
            for (const std::uint8_t text : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}})
                threads.emplace_back([&, text] {
                    const auto opened = open(text);
                    const bool right =
                        text == 0 ? !opened && opened.error().where == "blob.open"
                                  : opened && crypto::equal(*opened, Secret(Bytes(Buffer(48, text))));
                    good += right ? 1 : 0;
                });
        while (server.waiting() < 3 * (hosts - 1))
            std::this_thread::yield();
        slow.go.set_value();
    }
    EXPECT_EQ(slow.opened, 3); // one for each blob
    EXPECT_EQ(good, 3 * hosts);
    EXPECT_TRUE(open(1)); // and nothing is kept
    EXPECT_EQ(slow.opened, 4);
}

} // namespace
} // namespace vouchsafe::authority
