// What the suites of e2e.secrets stand on: an authority host, both management servers, and a key server whose
// primary key the test knows. The daemons have no privileges, so that what they say about themselves decides
// who may read them.
#pragma once

#include "base/secret.h"
#include "json/value.h"
#include "tests/e2e/wire_manager.h"
#include "tests/support/needle.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::test {

class Secrets : public testing::Test {
protected:
    /// Both managers claimed, logged in to as a member of all groups; the authority is administered through
    /// its manager.
    Secrets();

    /// A program of ours without privileges, as one word.
    std::string unprivileged(const std::string& name) const;

    static Result<json::Value>
    call(std::string_view role, std::string_view service, std::string_view operation, json::Object input);
    /// One that must work.
    static json::Value
    must(std::string_view role, std::string_view service, std::string_view operation, json::Object input);

    /// They make mlock do nothing. Their programs run here where there are no others.
    static bool with_sanitizers();

    /// Nothing of the key in these files and in the memory of the management servers.
    void expect_in_no_manager(const Needle& key);
    /// Where the key is in this process it is in memory that is neither swapped nor dumped.
    static MemorySearch expect_guarded(const Needle& key, pid_t process);
    /// Neither a process of the same user nor a core dump gets at the daemon's memory. Ends it.
    static void expect_closed(Daemon& daemon);

    TestDirectory folder_;
    ManagerProcess authority_manager_;
    ManagerProcess workload_manager_;
    AuthorityProcess authority_;
    KeyServerProcess key_server_;
    Secret primary_key_;
};

} // namespace vouchsafe::test
