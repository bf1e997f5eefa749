#include "keyprovider/sessions.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace vouchsafe::keyprovider {

Result<void> SessionTable::add(OpenSession session, SysTime now) {
    drop_ended(session.owner->facts.epoch, now);
    make_room_for(session.owner->token->host);
    if (sessions_.size() >= limits_.sessions)
        return fail(Errc::unavailable, "release.sessions", "too many release sessions");
    session.order = ++opened_;
    std::string id = session.owner->facts.id;
    sessions_.insert_or_assign(std::move(id), std::move(session));
    return {};
}

OpenSession* SessionTable::find(std::string_view id, std::int64_t epoch, SysTime now) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end())
        return nullptr;
    if (found->second.owner->facts.epoch != epoch || now >= found->second.owner->facts.expires) {
        sessions_.erase(found);
        return nullptr;
    }
    return &found->second;
}

const HostId* SessionTable::host_of(std::string_view id) const {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second.owner->token->host;
}

void SessionTable::drop_ended(std::int64_t epoch, SysTime now) {
    std::erase_if(sessions_, [&](const auto& entry) {
        return now >= entry.second.owner->facts.expires || entry.second.owner->facts.epoch < epoch;
    });
}

void SessionTable::make_room_for(const HostId& host) {
    std::vector<Sessions::iterator> of_host;
    for (auto at = sessions_.begin(); at != sessions_.end(); ++at)
        if (at->second.owner->token->host == host)
            of_host.push_back(at);
    if (of_host.size() < limits_.per_host)
        return;
    const auto oldest =
        std::ranges::min_element(of_host, {}, [](const auto& at) { return at->second.order; });
    if (oldest != of_host.end())
        sessions_.erase(*oldest);
}

} // namespace vouchsafe::keyprovider
