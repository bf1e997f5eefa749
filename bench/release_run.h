// Releases from one authority host: by many clients at a time, and by one beside what it waits for.
#pragma once

#include "bench/load_controls.h"
#include "bench/load_fleet.h"
#include "kmip/client.h"
#include "net/kmip_transport.h"
#include "tests/support/key_server_process.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace vouchsafe::bench {

/// Releases by several clients at a time.
struct ReleasesAtOnce {
    std::size_t releases = 0;
    double per_second = 0;
    double authority_us = 0; ///< CPU of the authority's process for each
    double host_us = 0;      ///< CPU of this process for each
    double p50_ms = 0;       ///< wall time
    double p99_ms = 0;
};

/// One client's steps, each by turns with the others; wall time, p50.
struct StepsInTurn {
    double fdatasync_ms = 0; ///< of as many bytes as a record has, on the audit's disk
    double fetch_ms = 0;     ///< decrypt, from the local primary key
    double remote_ms = 0;    ///< decrypt, by the key server
    double kmip_ms = 0;      ///< KMIP Decrypt, made directly on a pooled connection
    double added_ms = 0;     ///< by a remote decrypt to the local one of the same turn
};

/// Two providers, one of each way of wrapping, on a PyKMIP each; and clients, each a host with a session and
/// a connection of its own. Every release is a decrypt whose key is compared with the one that was made.
class ReleaseHouse {
public:
    ReleaseHouse(Fleet& fleet, std::size_t clients);

    ReleasesAtOnce at_once(std::chrono::milliseconds time);
    StepsInTurn in_turn(std::chrono::milliseconds time);
    /// Microseconds of the key server's CPU for a KMIP Get of one client.
    double get_us(std::chrono::milliseconds time);

    /// A blob with a bit changed, another context, another provider: no key may come.
    std::vector<Control> controls();
    /// Empty when the audit has a record of each release; else the counts.
    std::string unrecorded() const;

private:
    struct Vm {
        protocol::DecryptKey ask;
        Secret key;
    };

    struct Client {
        test::PlayedHost& host;
        Vm fetched;
        Vm remote;
    };

    class Asking;
    class Direct;

    void connect_directly();
    Vm make(test::PlayedHost& host, const char* provider);
    void release(Client& client, const Vm& vm);
    void check(const Vm& vm, const protocol::ReleasedKey& got);
    std::vector<double> ask_at_once(std::vector<Asking>& clients, std::chrono::milliseconds time);
    std::size_t records() const; ///< of releases

    Fleet& fleet_;
    test::KeyServerProcess fetched_;
    test::KeyServerProcess remote_;
    std::unique_ptr<net::KmipTransport> transport_;
    std::vector<Client> clients_;
    std::size_t before_ = 0; ///< records
    std::size_t released_ = 0;
};

} // namespace vouchsafe::bench
