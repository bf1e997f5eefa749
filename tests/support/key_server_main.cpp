// main of the suites that need a key server and nothing else.
#include "tests/support/key_server_process.h"

#include <gtest/gtest.h>

#include <cstdio>

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!vouchsafe::test::has_key_server()) {
        std::puts("skipped: python3-pykmip is not installed");
        return 77;
    }
    return RUN_ALL_TESTS();
}
