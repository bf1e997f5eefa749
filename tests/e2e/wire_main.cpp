#include "tests/e2e/wire_house.h"

#include <gtest/gtest.h>

#include <cstdio>

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!vouchsafe::test::has_key_server()) {
        std::puts("skipped: python3-pykmip is not installed");
        return 77;
    }
    const int failed = RUN_ALL_TESTS();
    return vouchsafe::test::WireHouse::end() ? failed : 1;
}
