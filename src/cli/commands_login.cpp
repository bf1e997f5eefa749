#include "cli/command.h"

namespace vouchsafe::cli {

namespace {

struct LoginOptions {
    std::string role;
    Login login;
    std::string password_file;
};

struct UserOptions {
    std::string server;
    std::string name;
    std::string group;
    std::vector<std::string> groups;
    std::string password_file;
};

void declare_role(CLI::App& command, std::string& role) {
    command.add_option("role", role, "authority or workload")
        ->required()
        ->check(CLI::IsMember({"authority", "workload"}));
}

void declare_server(CLI::App& app, UserOptions& options) {
    app.add_option("--server", options.server, "which management server")
        ->required()
        ->check(CLI::IsMember({"authority", "workload"}));
}

} // namespace

void add_login_commands(CLI::App& app, Context& context) {
    add_command<LoginOptions>(
        app,
        context,
        "login",
        "log in at a management server",
        [](CLI::App& command, LoginOptions& options) {
            declare_role(command, options.role);
            command.add_option("url", options.login.url, "https://name:port")->required();
            command
                .add_option("--pin", options.login.pin, "SHA-256 of the server's TLS key, as it prints it")
                ->required();
            command.add_option("--user", options.login.user, "name of the user")->required();
            command.add_option("--password-file",
                               options.password_file,
                               "read the password from a file, or - for standard input");
        },
        [](const LoginOptions& options) {
            const auto password =
                read_secret(options.password_file, "password of " + options.login.user + ": ");
            if (!password)
                return report(password.error());
            const auto done = Connection::log_in(options.role, options.login, *password);
            if (!done)
                return report(done.error());
            say("logged in at the " + options.role + " management server as " + options.login.user);
            return Exit::fine;
        });
    add_command<std::string>(
        app,
        context,
        "logout",
        "end a log-in",
        [](CLI::App& command, std::string& role) { declare_role(command, role); },
        [](const std::string& role) {
            const auto done = Connection::log_out(role);
            return done ? Exit::fine : report(done.error());
        });
    add_command(app, context, "whoami", "show the log-ins that are kept", [&context] {
        const auto logins = load_logins();
        if (!logins)
            return report(logins.error());
        json::Array rows;
        for (const auto& [role, login] : *logins)
            rows.push_back(json::object({{"server", role}, {"url", login.url}, {"user", login.user}}));
        show_list(
            context, json::Value(std::move(rows)), {{"SERVER", "server"}, {"URL", "url"}, {"USER", "user"}});
        return Exit::fine;
    });
}

void add_user_commands(CLI::App& app, Context& context) {
    CLI::App& user = add_group(app, "user", "users of a management server and their groups");
    add_command<UserOptions>(
        user, context, "list", "list users", declare_server, [&context](const UserOptions& options) {
            return with(options.server, [&](Connection& connection) -> Result<void> {
                VS_TRY(const json::Value users, connection.call("vouchsafe.users", "list", json::object({})));
                show_list(context, users, {{"NAME", "name"}, {"GROUPS", "groups"}});
                return {};
            });
        });
    add_command<UserOptions>(
        user,
        context,
        "create",
        "create a user",
        [](CLI::App& command, UserOptions& options) {
            declare_server(command, options);
            command.add_option("name", options.name, "1 to 64 of a-z 0-9 . _ -")->required();
            command.add_option("--group", options.groups, "group to be a member of; may be repeated");
            command.add_option("--password-file",
                               options.password_file,
                               "read the password from a file, or - for standard input");
        },
        [](const UserOptions& options) {
            const auto password = read_secret(options.password_file, "password for " + options.name + ": ");
            if (!password)
                return report(password.error());
            return with(options.server, [&](Connection& connection) -> Result<void> {
                const std::string text =
                    password->expose([](Bytes bytes) { return std::string(as_text(bytes)); });
                VS_TRY_VOID(connection.call(
                    "vouchsafe.users",
                    "create",
                    json::object({{"spec",
                                   json::object({{"name", options.name},
                                                 {"password", text},
                                                 {"groups", json::array_of(options.groups)}})}})));
                return {};
            });
        });
    add_command<UserOptions>(
        user,
        context,
        "delete",
        "delete a user",
        [](CLI::App& command, UserOptions& options) {
            declare_server(command, options);
            command.add_option("name", options.name, "the user")->required();
        },
        [](const UserOptions& options) {
            return with(options.server, [&](Connection& connection) -> Result<void> {
                VS_TRY_VOID(
                    connection.call("vouchsafe.users", "delete", json::object({{"user", options.name}})));
                return {};
            });
        });
    add_command<UserOptions>(
        user,
        context,
        "set-password",
        "give a user another password, and end the sessions of the old one",
        [](CLI::App& command, UserOptions& options) {
            declare_server(command, options);
            command.add_option("name", options.name, "the user")->required();
            command.add_option("--password-file",
                               options.password_file,
                               "read the password from a file, or - for standard input");
        },
        [](const UserOptions& options) {
            const auto password =
                read_secret(options.password_file, "new password for " + options.name + ": ");
            if (!password)
                return report(password.error());
            return with(options.server, [&](Connection& connection) -> Result<void> {
                const std::string text =
                    password->expose([](Bytes bytes) { return std::string(as_text(bytes)); });
                VS_TRY_VOID(connection.call(
                    "vouchsafe.users",
                    "set_password",
                    json::object({{"user", options.name}, {"spec", json::object({{"password", text}})}})));
                return {};
            });
        });

    CLI::App& group = add_group(app, "group", "groups of a management server");
    add_command<UserOptions>(
        group,
        context,
        "list",
        "list groups, members and privileges",
        declare_server,
        [&context](const UserOptions& options) {
            return with(options.server, [&](Connection& connection) -> Result<void> {
                VS_TRY(const json::Value groups,
                       connection.call("vouchsafe.groups", "list", json::object({})));
                show_list(context,
                          groups,
                          {{"GROUP", "name"}, {"MEMBERS", "members"}, {"PRIVILEGES", "privileges"}});
                return {};
            });
        });
    const auto declare_member = [](CLI::App& command, UserOptions& options) {
        declare_server(command, options);
        command.add_option("group", options.group, "the group")->required();
        command.add_option("user", options.name, "the user")->required();
    };
    add_command<UserOptions>(
        group, context, "add", "add a user to a group", declare_member, [](const UserOptions& options) {
            return with(options.server, [&](Connection& connection) -> Result<void> {
                VS_TRY_VOID(
                    connection.call("vouchsafe.groups",
                                    "add_member",
                                    json::object({{"group", options.group},
                                                  {"spec", json::object({{"user", options.name}})}})));
                return {};
            });
        });
    add_command<UserOptions>(group,
                             context,
                             "remove",
                             "remove a user from a group",
                             declare_member,
                             [](const UserOptions& options) {
                                 return with(options.server, [&](Connection& connection) -> Result<void> {
                                     VS_TRY_VOID(connection.call(
                                         "vouchsafe.groups",
                                         "remove_member",
                                         json::object({{"group", options.group}, {"user", options.name}})));
                                     return {};
                                 });
                             });
}

} // namespace vouchsafe::cli
