#include "hypervisor/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

namespace vouchsafe::hypervisor {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t secret_max = 4096;
constexpr std::size_t errors_kept = 2000;

class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}

    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    ~Descriptor() { close(); }

    int get() const { return fd_; }

    void close() {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }

private:
    int fd_;
};

struct Pipe {
    Descriptor read, write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) < 0)
        return fail(Errc::unavailable, "child.pipe", "no descriptors left");
    return Pipe{.read = Descriptor(fds[0]), .write = Descriptor(fds[1])};
}

/// A pipe that already holds the secret, its other end closed: the child reads it and finds the end.
Result<Descriptor> pipe_with(const Secret& secret) {
    VS_CHECK(secret.size() <= secret_max);
    VS_TRY(Pipe pipe, make_pipe());
    const ::ssize_t written =
        secret.expose([&pipe](Bytes bytes) { return ::write(pipe.write.get(), bytes.data(), bytes.size()); });
    if (written != static_cast<::ssize_t>(secret.size()))
        return fail(Errc::unavailable, "child.secret", "cannot hand over the secret");
    return std::move(pipe.read);
}

/// posix_spawn's two settings, ended in every way out.
class SpawnSettings {
public:
    SpawnSettings() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        sigset_t none;
        ::sigemptyset(&none);
        sigset_t all;
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }

    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    Result<::pid_t> spawn(const ChildCommand& command, int secret, int out, int errors) {
        // The secret last: its place, 3, may be that of one of the others until then.
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
        if (secret >= 0)
            ::posix_spawn_file_actions_adddup2(&actions_, secret, secret_descriptor);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_,
                                                   secret >= 0 ? secret_descriptor + 1 : secret_descriptor);
        std::string program = command.program.native();
        std::vector<std::string> arguments = command.arguments;
        std::vector<char*> argv{program.data()};
        for (std::string& argument : arguments)
            argv.push_back(argument.data());
        argv.push_back(nullptr);
        std::string path = "PATH=/usr/bin:/bin";
        std::string language = "LC_ALL=C";
        const std::array<char*, 3> environment{path.data(), language.data(), nullptr};
        ::pid_t pid = -1;
        if (::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv.data(), environment.data()) !=
            0)
            return fail(Errc::unavailable, "child.start", "cannot start " + program);
        return pid;
    }

private:
    ::posix_spawn_file_actions_t actions_{};
    ::posix_spawnattr_t attributes_{};
};

/// Waits for the child, whatever else happens.
int reap(::pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void keep_end(std::string& text, std::string_view more) {
    text += more;
    if (text.size() > errors_kept)
        text.erase(0, text.size() - errors_kept);
}

/// One piece from a pipe; closes it at its end.
std::string_view read_piece(Descriptor& pipe, std::span<char> buffer) {
    const ::ssize_t n = ::read(pipe.get(), buffer.data(), buffer.size());
    if (n > 0)
        return {buffer.data(), static_cast<std::size_t>(n)};
    if (n == 0 || errno != EINTR)
        pipe.close();
    return {};
}

::pollfd readable(const Descriptor& descriptor) {
    return {.fd = descriptor.get(), .events = POLLIN, .revents = 0};
}

/// Reads both pipes until both have ended and the process too, or the time is over; false when it is.
bool read_until_end(const ChildCommand& command, Descriptor process, Pipe out_and_err, std::string& errors) {
    auto& [out, err] = out_and_err;
    const auto deadline = Clock::now() + command.time_limit;
    std::array<char, 4096> buffer{};
    while (out.get() >= 0 || err.get() >= 0 || process.get() >= 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0)
            return false;
        std::array<::pollfd, 3> waiting{readable(out), readable(err), readable(process)};
        if (::poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000))) <=
            0)
            continue;
        if (waiting[0].revents != 0) {
            const std::string_view piece = read_piece(out, buffer);
            if (!piece.empty() && command.on_output)
                command.on_output(piece);
        }
        if (waiting[1].revents != 0)
            keep_end(errors, read_piece(err, buffer));
        if (waiting[2].revents != 0)
            process.close();
    }
    return true;
}

} // namespace

Result<ChildExit> run_child(const ChildCommand& command) {
    Descriptor secret;
    if (command.secret != nullptr) {
        VS_TRY(secret, pipe_with(*command.secret));
    }
    VS_TRY(Pipe out, make_pipe());
    VS_TRY(Pipe err, make_pipe());
    VS_TRY(const ::pid_t pid, SpawnSettings().spawn(command, secret.get(), out.write.get(), err.write.get()));
    out.write.close();
    err.write.close();
    secret.close();
    Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    ChildExit exit;
    const bool ended = read_until_end(command,
                                      std::move(process),
                                      {.read = std::move(out.read), .write = std::move(err.read)},
                                      exit.errors);
    if (!ended)
        ::kill(pid, SIGKILL);
    exit.status = reap(pid);
    if (!ended)
        return fail(
            Errc::timed_out, "child.time_limit", command.program.filename().native() + " took too long");
    return exit;
}

} // namespace vouchsafe::hypervisor
