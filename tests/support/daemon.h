// One of our programs, run as a process of its own: started, watched, ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::test {

/// A program below VS_BIN (the one with sanitizers), or below VS_RELEASE_BIN.
std::string program_path(const std::string& name);
std::string release_program_path(const std::string& name); ///< program_path() where there is none

/// What a program said that ran to its end.
struct Finished {
    int status = -1; ///< 0, another exit status, or 128 + the signal
    std::string output;
};

/// CPU that a process has used, by its threads that live.
std::chrono::nanoseconds cpu_of(pid_t process);

Finished run_to_end(const std::vector<std::string>& command, const std::string& log_file);

/// A daemon of ours. Not safe for several threads, but for signal() and what only reads.
class Daemon {
public:
    /// Its standard error goes to the end of `log_file`.
    Daemon(std::vector<std::string> command, std::string log_file);
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon(); ///< SIGKILL

    /// Starts it and waits for its line "ready NAME https://HOST:PORT", or "ready NAME" of one that does not
    /// listen; a failed check when none comes.
    void start();

    bool running() const { return pid_ > 0; }

    pid_t pid() const { return pid_; }

    std::uint16_t port() const { return port_; }

    /// Standard output up to the line "ready".
    const std::string& output() const { return output_; }

    /// The last word of the line that begins with `name`: "pin     abc" → "abc".
    std::string said(const std::string& name) const;

    std::string log() const; ///< of all its runs

    void signal(int number) const;
    int stop(); ///< SIGTERM; as Finished::status
    void kill();

    /// SIGABRT: whether a core dump came of it, though its limit was lifted where root can.
    bool leaves_core();

    /// How many descriptors are open; nothing where the machine does not let us look.
    std::optional<std::size_t> descriptors() const;

    std::chrono::nanoseconds cpu() const { return cpu_of(pid_); }

    std::size_t resident_bytes() const;

private:
    int wait();
    void ended();

    std::vector<std::string> command_;
    std::string log_file_;
    pid_t pid_ = -1;
    int output_fd_ = -1;
    std::uint16_t port_ = 0;
    std::string output_;
};

/// What sanitizers wrote into a log; empty when nothing.
std::string sanitizer_report(const std::string& log);

} // namespace vouchsafe::test
