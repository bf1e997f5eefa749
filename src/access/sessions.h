// Log-ins: sessions by the digest of their secret id, and a brake on guessing passwords.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace vouchsafe::access {

struct Session {
    std::string user;
    SysTime created;
    SysTime last_used;
    BootTime idle_since{};
    BootTime opened{};
};

/// A value to be guarded by its owner's lock. Bounded: at most 4096 sessions, 64 of one user (the one that
/// was idle longest makes room).
class Sessions {
public:
    static constexpr std::chrono::minutes idle_limit{30};
    static constexpr std::chrono::hours life_limit{12};
    static constexpr std::size_t most = 4096;
    static constexpr std::size_t most_of_one = 64;

    /// The new session's id: 256 random bits, hex. Only its digest is kept.
    std::string open(std::string_view user, const Clock& clock, Random& random);

    /// `unauthenticated` at "session.unknown"; counts as a use.
    Result<Session> use(std::string_view id, const Clock& clock);

    void close(std::string_view id);
    void close_all_of(std::string_view user); ///< when a user goes, or gets another password

private:
    void drop_old(const Clock& clock);

    std::map<std::string, Session, std::less<>> sessions_; ///< by hex SHA-256 of the id
};

/// After five wrong passwords in a row a name has to wait: 1 s, 2 s, 4 s … up to a minute. Unknown names wait
/// too, so that waiting tells nothing.
class LoginBrake {
public:
    /// `unavailable` at "login.wait" while the name has to wait.
    Result<void> check(std::string_view name, BootTime now) const;
    void failed(std::string_view name, BootTime now);
    void succeeded(std::string_view name);

private:
    struct Failures {
        unsigned count = 0;
        BootTime wait_until{};
    };

    std::map<std::string, Failures, std::less<>> names_;
};

} // namespace vouchsafe::access
