// Who got a virtual machine's key: the releases of a log, without those that were held back after all.
#pragma once

#include "audit/record.h"
#include "base/clock.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::auditlog {

/// One host that got one key, under one base image.
struct Reader {
    std::string host;
    std::string image;
    std::string key; ///< key id
    std::string provider;
    SysTime first;
    SysTime last;
    std::int64_t releases = 0;

    friend bool operator==(const Reader&, const Reader&) = default;
};

/// Takes the records of kinds "release" and "withheld": of one authority host in their order, of several
/// hosts one log after the other or mixed.
class ReaderList {
public:
    void take(const audit::AuditRecord& record);

    /// Who got a key from `since` on and before `until`, in the order of the first time.
    std::vector<Reader> within(SysTime since, SysTime until) const;

    /// How many hosts got one before: a host keeps what it was given for as long as it likes.
    std::size_t hosts_before(SysTime since) const;

private:
    struct Release {
        SysTime time;
        std::string host, image, key, provider;
    };

    /// By authority host and sequence: each host counts for itself.
    std::map<std::pair<std::string, std::int64_t>, Release> releases_;
};

} // namespace vouchsafe::auditlog
