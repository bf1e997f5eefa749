// A fleet of hosts that are played in this process, and an authority host of its own that trusts them.
#pragma once

#include "tests/support/authority_process.h"
#include "tests/support/played_host.h"

#include <cstddef>
#include <deque>
#include <string>

namespace vouchsafe::bench {

struct FleetSize {
    std::size_t hosts = 0;
    std::size_t references = 0; ///< reference values in all approved base images together
    std::size_t ima_entries = 1;
};

/// Hosts with an ECC EK and its certificate each, all booted alike: registered, enrolled and trusted.
class Fleet {
public:
    /// What was done so far, for people: "enrolled", 250, 1000.
    using Progress = void (*)(const char* what, std::size_t done, std::size_t of);

    Fleet(const FleetSize& size, Progress progress);

    test::AuthorityProcess& authority() { return authority_; }

    std::deque<test::PlayedHost>& hosts() { return hosts_; }

    const test::ClusterLink& link() const { return link_; }

    std::size_t references() const { return references_; }

    /// Growth of the authority's resident memory over the later nine tenths of the enrolments, for each.
    double bytes_per_host() const { return bytes_per_host_; }

private:
    void import_images(const FleetSize& size, const test::RecordedBoot& boot, Progress progress);
    void enrol(const FleetSize& size, const test::RecordedBoot& boot, Progress progress);

    test::AuthorityProcess authority_;
    std::string cluster_;
    test::ClusterLink link_;
    std::deque<test::PlayedHost> hosts_;
    std::size_t references_ = 0;
    double bytes_per_host_ = 0;
};

} // namespace vouchsafe::bench
