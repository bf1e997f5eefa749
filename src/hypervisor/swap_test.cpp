#include "hypervisor/swap.h"

#include <gtest/gtest.h>

namespace vouchsafe::hypervisor {
namespace {

constexpr std::string_view heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

bool only_zram_is_safe(std::string_view device) {
    return device.starts_with("/dev/zram");
}

TEST(PlainSwaps, AreNoneWithoutSwap) {
    const auto plain = plain_swaps(heading, only_zram_is_safe);
    ASSERT_TRUE(plain);
    EXPECT_TRUE(plain->empty());
}

TEST(PlainSwaps, LeaveOutWhatIsSafe) {
    const std::string text = std::string(heading) + "/dev/zram0    partition\t4194300\t\t0\t\t100\n";
    const auto plain = plain_swaps(text, only_zram_is_safe);
    ASSERT_TRUE(plain);
    EXPECT_TRUE(plain->empty());
}

TEST(PlainSwaps, NameEveryDeviceThatIsNot) {
    const std::string text = std::string(heading) + "/dev/sda2 partition\t4194300\t\t0\t\t-2\n" +
                             "/dev/zram0 partition\t4194300\t\t0\t\t100\n" +
                             "/swapfile file\t1000\t\t0\t\t-3\n";
    const auto plain = plain_swaps(text, only_zram_is_safe);
    ASSERT_TRUE(plain);
    EXPECT_EQ(*plain, (std::vector<std::string>{"/dev/sda2", "/swapfile"}));
}

TEST(PlainSwaps, RefuseATextThatIsNotProcSwaps) {
    for (const std::string_view text : {"", "\n", "/dev/sda2 partition 1 0 -2\n"}) {
        const auto plain = plain_swaps(text, only_zram_is_safe);
        ASSERT_FALSE(plain) << text;
        EXPECT_EQ(plain.error().where, "hypervisor.proc_swaps");
    }
}

} // namespace
} // namespace vouchsafe::hypervisor
