#include "tests/support/daemon.h"

#include "base/result.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace vouchsafe::test {

namespace {

constexpr std::chrono::seconds longest_start{60}; // with sanitizers, on a machine that builds meanwhile

std::string folder_named(const char* variable) {
    const char* const folder = std::getenv(variable);
    return folder == nullptr ? std::string() : std::string(folder);
}

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct Child {
    pid_t pid;
    int output;
};

// The child dies with us, so that a test that crashes leaves nothing behind.
Child spawn(const std::vector<std::string>& command, const std::string& log_file) {
    std::vector<std::string> words = command;
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::array<int, 2> ends{};
    VS_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    VS_CHECK(log >= 0 && nothing >= 0);
    const pid_t pid = ::fork();
    VS_CHECK(pid >= 0);
    if (pid == 0) { // only async-signal-safe calls from here
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(ends[1], STDOUT_FILENO);
        ::dup2(log, STDERR_FILENO);
        ::execv(arguments.front(), arguments.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    ::close(log);
    ::close(nothing);
    return {.pid = pid, .output = ends[0]};
}

// As waitpid has it.
int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        VS_CHECK(errno == EINTR);
    return status;
}

int status_of(pid_t pid) {
    const int status = wait_for(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Empty at the end of the output.
std::string read_some(int fd) {
    std::array<char, 4096> buffer{};
    ssize_t got = -1;
    do
        got = ::read(fd, buffer.data(), buffer.size());
    while (got < 0 && errno == EINTR);
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::string line_beginning(const std::string& text, const std::string& word) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(word + " "))
            return line;
    return {};
}

} // namespace

std::string program_path(const std::string& name) {
    const std::string folder = folder_named("VS_BIN");
    VS_CHECK(!folder.empty());
    return folder + "/" + name;
}

std::string release_program_path(const std::string& name) {
    std::string path = folder_named("VS_RELEASE_BIN") + "/" + name;
    return std::filesystem::exists(path) ? path : program_path(name);
}

Finished run_to_end(const std::vector<std::string>& command, const std::string& log_file) {
    const Child child = spawn(command, log_file);
    Finished out;
    for (std::string some = read_some(child.output); !some.empty(); some = read_some(child.output))
        out.output += some;
    ::close(child.output);
    out.status = status_of(child.pid);
    return out;
}

Daemon::Daemon(std::vector<std::string> command, std::string log_file)
    : command_(std::move(command)), log_file_(std::move(log_file)) {}

Daemon::~Daemon() {
    kill();
}

void Daemon::start() {
    VS_CHECK(!running());
    const Child child = spawn(command_, log_file_);
    pid_ = child.pid;
    output_fd_ = child.output;
    output_.clear();
    const auto until = std::chrono::steady_clock::now() + longest_start;
    std::string ready;
    while (ready.empty()) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd waited{.fd = output_fd_, .events = POLLIN, .revents = 0};
        VS_CHECK(left.count() > 0);
        if (::poll(&waited, 1, static_cast<int>(left.count())) <= 0)
            continue;
        const std::string some = read_some(output_fd_);
        if (some.empty()) { // it ended instead
            std::fputs(log().c_str(), stderr);
            VS_CHECK(!"the daemon did not start");
        }
        output_ += some;
        if (output_.ends_with('\n'))
            ready = line_beginning(output_, "ready");
    }
    if (const auto colon = ready.rfind(':'); colon != std::string::npos)
        port_ = static_cast<std::uint16_t>(std::stoul(ready.substr(colon + 1)));
}

std::string Daemon::said(const std::string& name) const {
    const std::string line = line_beginning(output_, name);
    return line.substr(line.rfind(' ') + 1);
}

std::string Daemon::log() const {
    return content(log_file_);
}

void Daemon::signal(int number) const {
    VS_CHECK(running() && ::kill(pid_, number) == 0);
}

int Daemon::wait() {
    const int status = status_of(pid_);
    ended();
    return status;
}

void Daemon::ended() {
    ::close(output_fd_);
    pid_ = -1;
}

int Daemon::stop() {
    signal(SIGTERM);
    return wait();
}

void Daemon::kill() {
    if (!running())
        return;
    signal(SIGKILL);
    wait();
}

bool Daemon::leaves_core() {
    const rlimit any{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    (void)::prlimit(pid_, RLIMIT_CORE, &any, nullptr); // a container's root may not
    signal(SIGABRT);
    const int status = wait_for(pid_);
    ended();
    VS_CHECK(WIFSIGNALED(status));
    return WCOREDUMP(status);
}

std::optional<std::size_t> Daemon::descriptors() const {
    std::error_code error;
    std::filesystem::directory_iterator entries("/proc/" + std::to_string(pid_) + "/fd", error);
    if (error)
        return std::nullopt;
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::chrono::nanoseconds cpu_of(pid_t process) {
    std::chrono::nanoseconds out{0};
    for (const auto& thread :
         std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
        std::ifstream in(thread.path() / "schedstat");
        std::int64_t spent = 0;
        in >> spent;
        out += std::chrono::nanoseconds(spent);
    }
    return out;
}

std::size_t Daemon::resident_bytes() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/statm");
    std::size_t size = 0;
    std::size_t resident = 0;
    in >> size >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::string sanitizer_report(const std::string& log) {
    for (const char* const mark :
         {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error: "})
        if (const auto at = log.find(mark); at != std::string::npos)
            return log.substr(at, 4000);
    return {};
}

} // namespace vouchsafe::test
