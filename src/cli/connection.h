// A logged-in way to a management server, and where log-ins are kept between commands.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "cli/output.h"
#include "json/value.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace vouchsafe::cli {

/// One log-in; there are two, because there are two servers.
struct Login {
    std::string url;
    std::string pin;     ///< hex SHA-256 of the server's TLS key
    std::string session; ///< an id that the server forgets after half an hour without use
    std::string user;
};

/// Log-ins by role ("authority", "workload"), in a file of mode 0600: $VOUCHSAFE_HOME/logins.json, or below
/// $XDG_CONFIG_HOME/vouchsafe or ~/.config/vouchsafe.
Result<std::map<std::string, Login>> load_logins();
Result<void> save_logins(const std::map<std::string, Login>& logins);

class Connection {
public:
    /// `unauthenticated` where the role has no log-in.
    static Result<Connection> open(std::string_view role);

    /// Opens a session with a password, and keeps it. `conflict` at "login.role" when the server has the
    /// other role.
    static Result<void> log_in(const std::string& role, Login login, const Secret& password);
    static Result<void> log_out(const std::string& role);

    /// The operation's result; waits for its task, saying on a terminal that it waits.
    Result<json::Value> call(std::string_view service, std::string_view operation, const json::Value& input);

    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) = delete;
    ~Connection();

private:
    struct Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    Result<void> has_role();
    void end();
    std::unique_ptr<Impl> impl_;
};

/// A line from a file, from standard input ("-"), or typed without echo; without its line end.
Result<Secret> read_secret(const std::string& file, std::string_view prompt);

} // namespace vouchsafe::cli
