#include "net/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

namespace vouchsafe::net {

Result<void> harden_process() {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0)
        return fail(Errc::internal, "process.core_limit");
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail(Errc::internal, "process.dumpable");
    ::umask(077);
    if (::signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return fail(Errc::internal, "process.sigpipe");
    return {};
}

void limit_heap_arenas() {
    const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
    (void)::mallopt(M_ARENA_MAX, static_cast<int>(processors)); // refused by an allocator without arenas
}

StopSignal::StopSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    VS_CHECK(::pthread_sigmask(SIG_BLOCK, &signals_, nullptr) == 0);
}

void StopSignal::wait() {
    int signal = 0;
    while (::sigwait(&signals_, &signal) != 0) {
    }
}

Result<void> write_port_file(const std::string& path, std::uint16_t port) {
    const std::string temporary = path + ".new";
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail(Errc::unavailable, "process.port_file", "cannot write " + temporary);
    const std::string text = std::to_string(port) + "\n";
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    if (!written || ::rename(temporary.c_str(), path.c_str()) != 0)
        return fail(Errc::unavailable, "process.port_file", "cannot write " + path);
    return {};
}

} // namespace vouchsafe::net
