// A real key server for tests: PyKMIP by tools/lab/kmip-server, in a folder of its own.
#pragma once

#include "net/endpoint.h"
#include "tests/support/authority_process.h"
#include "tests/support/test_directory.h"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vouchsafe::test {

/// Whether this machine can run it.
bool has_key_server();

class KeyServerProcess {
public:
    /// Started, with one active primary key.
    KeyServerProcess();
    /// A replica: started with the keys that `of` has now.
    static std::unique_ptr<KeyServerProcess> replica(const KeyServerProcess& of);
    KeyServerProcess(const KeyServerProcess&) = delete;
    KeyServerProcess& operator=(const KeyServerProcess&) = delete;
    ~KeyServerProcess();

    void start();  ///< again, at the same address
    void kill();   ///< as a crash does
    void freeze(); ///< SIGSTOP
    void thaw();
    void renew_certificate();  ///< ends it, and starts it again with another certificate
    void expire_certificate(); ///< the same with one that has run out

    const std::string& folder() const { return folder_.path(); }

    net::Endpoint address() const;
    std::string certificate_pem() const;

    std::chrono::nanoseconds cpu() const { return cpu_of(pid()); }

    const std::string& primary_key() const { return primary_key_; }

    /// Lets the owner of this certificate in.
    void trust(const std::string& certificate_pem);

private:
    struct Empty {};

    explicit KeyServerProcess(Empty) {} ///< not started, without keys

    void change_certificate(const std::vector<std::string>& start_options);
    std::string tool(const std::string& command, const std::vector<std::string>& arguments = {});
    pid_t pid() const;

    TestDirectory folder_;
    std::string primary_key_;
};

/// One key server of a provider, as it is told to the authority.
struct ProviderServer {
    std::string name;
    net::Endpoint address;
};

/// Makes a provider whose key server is this one, with trust in both directions, and quotas that no test uses
/// up.
void add_provider(AuthorityProcess& authority,
                  KeyServerProcess& key_server,
                  const std::string& name,
                  const ProviderServer& server,
                  std::int64_t timeout_seconds = 10);

/// Of each host; all together get as many as there can be.
void set_quota(AuthorityProcess& authority,
               const std::string& provider,
               std::int64_t burst,
               std::int64_t per_minute);

/// A client certificate for the provider, which the key server lets in, and whose certificate is trusted.
void trust_each_other(AuthorityProcess& authority, KeyServerProcess& key_server, const std::string& name);

} // namespace vouchsafe::test
