#include "tests/support/needle.h"

#include "base/result.h"
#include "tests/support/shell.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace vouchsafe::test {

namespace {

constexpr std::uint64_t piece = std::uint64_t{1} << 20U;
constexpr std::uint64_t largest_mapping = std::uint64_t{4} << 30U; // beyond are a sanitizer's shadows

// What stands for the secret alone when it follows `before` bytes: without the digits that others share.
std::string base64_inside(Bytes secret, std::size_t before) {
    Buffer padded(before, 0);
    padded.insert(padded.end(), secret.begin(), secret.end());
    std::string text = to_base64(padded);
    text.erase(0, (before * 8 + 5) / 6);
    while (text.ends_with('='))
        text.pop_back();
    text.pop_back(); // may hold bits of what follows
    return text;
}

std::string url_form(std::string text) {
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

struct Mapping {
    std::string line;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool readable = false;
    bool present = false;
    bool locked = false;
    bool undumpable = false;
};

std::vector<Mapping> mappings_of(pid_t process) {
    std::ifstream in("/proc/" + std::to_string(process) + "/smaps");
    std::vector<Mapping> out;
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && (std::isdigit(static_cast<unsigned char>(line[0])) != 0 ||
                              std::islower(static_cast<unsigned char>(line[0])) != 0)) {
            Mapping mapping{.line = line};
            std::istringstream words(line);
            char dash = 0;
            std::string rights;
            words >> std::hex >> mapping.begin >> dash >> mapping.end >> rights;
            mapping.readable =
                rights.starts_with('r') && !line.contains("[vvar") && !line.contains("[vsyscall");
            out.push_back(mapping);
        } else if (!out.empty() && line.starts_with("Rss:")) {
            out.back().present = !line.contains(" 0 kB");
        } else if (!out.empty() && line.starts_with("VmFlags:")) {
            out.back().locked = (line + " ").contains(" lo ");
            out.back().undumpable = (line + " ").contains(" dd ");
        }
    }
    return out;
}

// Much of what a program has mapped was never written to.
bool is_empty(const char* bytes, std::size_t size) {
    return *bytes == '\0' && std::memcmp(bytes, bytes + 1, size - 1) == 0;
}

// In pieces that overlap by what a form may be long.
bool has(int memory, const Mapping& mapping, const Needle& needle, std::uint64_t& bytes_read) {
    constexpr std::uint64_t overlap = 256;
    std::string bytes(static_cast<std::size_t>(piece + overlap), '\0');
    for (std::uint64_t at = mapping.begin; at < mapping.end; at += piece) {
        const auto want = static_cast<std::size_t>(std::min(piece + overlap, mapping.end - at));
        const ssize_t got = ::pread(memory, bytes.data(), want, static_cast<off_t>(at));
        if (got <= 0)
            continue;
        bytes_read += static_cast<std::uint64_t>(got);
        if (is_empty(bytes.data(), static_cast<std::size_t>(got)))
            continue;
        if (needle.in(std::string_view(bytes).substr(0, static_cast<std::size_t>(got))))
            return true;
    }
    return false;
}

} // namespace

Needle Needle::of(std::string name, Bytes secret) {
    std::string upper = to_hex(secret);
    std::ranges::transform(
        upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    Needle out{.name = std::move(name), .forms = {std::string(as_text(secret)), to_hex(secret), upper}};
    for (std::size_t before = 0; before < 3; ++before) {
        out.forms.push_back(base64_inside(secret, before));
        out.forms.push_back(url_form(out.forms.back()));
    }
    return out;
}

bool Needle::in(std::string_view bytes) const {
    return std::ranges::any_of(forms, [&](const std::string& form) {
        return ::memmem(bytes.data(), bytes.size(), form.data(), form.size()) != nullptr;
    });
}

std::vector<std::string> files_with(const Needle& needle, const std::string& folder) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && needle.in(content(entry.path())))
            out.push_back(entry.path().string());
    return out;
}

MemorySearch search_memory(const Needle& needle, pid_t process) {
    MemorySearch out;
    const int memory = ::open(("/proc/" + std::to_string(process) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
    if (memory < 0)
        return out;
    for (const Mapping& mapping : mappings_of(process))
        if (mapping.readable && mapping.present && mapping.end - mapping.begin <= largest_mapping &&
            has(memory, mapping, needle, out.bytes_read))
            out.hits.push_back(
                {.mapping = mapping.line, .locked = mapping.locked, .undumpable = mapping.undumpable});
    ::close(memory);
    return out;
}

bool opens_to_its_user(pid_t process) {
    const std::string path = "/proc/" + std::to_string(process) + "/mem";
    const pid_t child = ::fork();
    VS_CHECK(child >= 0);
    if (child == 0) { // only async-signal-safe calls from here
        __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
        constexpr unsigned lock_memory = 1U << CAP_IPC_LOCK; // what the daemon has: it may not have more
        __user_cap_data_struct few[_LINUX_CAPABILITY_U32S_3] = {
            {.effective = lock_memory, .permitted = lock_memory, .inheritable = 0}, {}};
        if (::syscall(SYS_capset, &header, few) != 0)
            ::_exit(2);
        ::_exit(::open(path.c_str(), O_RDONLY | O_CLOEXEC) >= 0 ? 1 : 0);
    }
    int status = 0;
    VS_CHECK(::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

std::string core_limit(pid_t process) {
    std::ifstream in("/proc/" + std::to_string(process) + "/limits");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("Max core file size")) {
            std::istringstream words(line.substr(26));
            std::string soft;
            std::string hard;
            words >> soft >> hard;
            return hard;
        }
    return {};
}

} // namespace vouchsafe::test
