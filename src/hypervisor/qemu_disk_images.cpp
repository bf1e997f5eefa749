#include "hypervisor/child_process.h"
#include "hypervisor/disk_images.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace vouchsafe::hypervisor {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t disk_max = 64ULL << 40U;
// qemu-img times its own key derivation by CPU time that some kernels count in ticks; when it falls within
// one tick it gives up. Trying again helps.
constexpr unsigned create_attempts = 20;
constexpr std::string_view timing_failed = "Unable to get accurate CPU usage";

class OpenFile {
public:
    OpenFile(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {}

    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    ~OpenFile() {
        if (fd_ >= 0)
            ::close(fd_);
    }

    int get() const { return fd_; }

    bool is_open() const { return fd_ >= 0; }

private:
    int fd_;
};

Result<Buffer> read_at(const OpenFile& file, std::uint64_t offset, std::size_t size) {
    Buffer out(size);
    std::size_t filled = 0;
    while (filled < size) {
        const ::ssize_t n =
            ::pread(file.get(), out.data() + filled, size - filled, static_cast<::off_t>(offset + filled));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(Errc::unavailable, "disk.read", "cannot read the disk");
        if (n == 0)
            break;
        filled += static_cast<std::size_t>(n);
    }
    out.resize(filled);
    return out;
}

Result<void> sync(const fs::path& path, int flags) {
    const OpenFile file(path, flags);
    if (!file.is_open() || ::fsync(file.get()) < 0)
        return fail(Errc::unavailable, "disk.sync", "cannot write the disk through");
    return {};
}

/// QEMU's options are separated by commas; a comma in a value is written twice.
std::string option_value(const fs::path& path) {
    std::string out;
    for (const char c : path.native()) {
        out += c;
        if (c == ',')
            out += c;
    }
    return out;
}

/// A name under which a file is made before it gets its own; nothing has that name before and after.
class Unfinished {
public:
    explicit Unfinished(fs::path path) : path_(std::move(path)) { remove(); }

    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;

    ~Unfinished() {
        if (!path_.empty())
            remove();
    }

    const fs::path& path() const { return path_; }

private:
    void remove() const {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }

    fs::path path_;
};

/// The percentage in the last "(12.34/100%)" of qemu-img's progress; -1 where there is none.
int percent_in(std::string_view output) {
    const auto open = output.rfind('(');
    int percent = -1;
    if (open != std::string_view::npos)
        std::from_chars(output.data() + open + 1, output.data() + output.size(), percent);
    return percent > 100 ? -1 : percent;
}

Result<void> check_request(const DiskRequest& request) {
    if (!request.path.is_absolute())
        return fail(Errc::malformed, "disk.path", "not an absolute path");
    if (request.size_bytes == 0 || request.size_bytes > disk_max || request.size_bytes % 512 != 0)
        return fail(Errc::malformed, "disk.size", "not a size that a disk can have");
    std::error_code error;
    if (fs::exists(fs::symlink_status(request.path, error)))
        return fail(Errc::exists, "disk.path", "the disk is there already");
    if (!request.source_image)
        return {};
    if (!request.source_image->is_absolute() ||
        !fs::is_regular_file(fs::symlink_status(*request.source_image, error)))
        return fail(Errc::not_found, "disk.source", "the image is no regular file");
    const auto source_size = fs::file_size(*request.source_image, error);
    if (error || source_size > request.size_bytes)
        return fail(Errc::malformed, "disk.size", "the disk is smaller than its image");
    return {};
}

Result<void> to_result(const ChildExit& exit) {
    if (exit.status == 0)
        return {};
    std::string words = exit.errors;
    std::ranges::replace_if(words, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return fail(Errc::unavailable, "disk.qemu_img", std::move(words));
}

class QemuDiskImages final : public DiskImages {
public:
    explicit QemuDiskImages(QemuImgOptions options) : options_(std::move(options)) {}

    Result<void>
    create(const DiskRequest& request, const Secret& passphrase, const Progress& progress) override {
        VS_TRY_VOID(check_request(request));
        Unfinished disk(request.path.native() + ".partial");
        VS_TRY_VOID(create_empty(disk.path(), request.size_bytes, passphrase));
        if (request.source_image)
            VS_TRY_VOID(fill(disk.path(), *request.source_image, passphrase, progress));
        VS_TRY_VOID(check(disk.path()));
        VS_TRY_VOID(sync(disk.path(), O_RDONLY));
        // link, not rename: it never replaces a file that came meanwhile
        if (::link(disk.path().c_str(), request.path.c_str()) < 0)
            return fail(Errc::exists, "disk.path", "cannot put the disk in its place");
        return sync(request.path.parent_path(), O_RDONLY | O_DIRECTORY);
    }

    Result<DiskFacts> check(const fs::path& path) override {
        const OpenFile file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        struct ::stat facts{};
        if (!file.is_open() || ::fstat(file.get(), &facts) < 0)
            return fail(Errc::not_found, "disk.path", "there is no disk");
        if (!S_ISREG(facts.st_mode))
            return fail(Errc::untrusted, "disk.path", "the disk is no regular file");
        VS_TRY(const Buffer head, read_at(file, 0, vmcrypt::qcow2_head_bytes));
        VS_TRY(const auto qcow2, vmcrypt::parse_qcow2_header(head));
        VS_TRY(const Buffer luks, read_at(file, qcow2.luks_offset, vmcrypt::luks1_header_bytes));
        VS_TRY(const auto header, vmcrypt::parse_luks1_header(luks, qcow2.luks_length));
        return DiskFacts{.qcow2 = qcow2, .luks = header};
    }

private:
    Result<void> create_empty(const fs::path& path, std::uint64_t size, const Secret& passphrase) const {
        const ChildCommand command{
            .program = options_.program,
            .arguments = {"create",
                          "-q",
                          "-f",
                          "qcow2",
                          "--object",
                          "secret,id=s0,file=/dev/fd/3",
                          "-o",
                          "encrypt.format=luks,encrypt.key-secret=s0,encrypt.iter-time=10",
                          path.native(),
                          std::to_string(size)},
            .secret = &passphrase,
            .time_limit = options_.time_limit,
            .on_output = {},
        };
        Result<void> result;
        for (unsigned attempt = 0; attempt < create_attempts; ++attempt) {
            VS_TRY(const ChildExit exit, run_child(command));
            result = to_result(exit);
            if (!exit.errors.contains(timing_failed))
                break;
        }
        return result;
    }

    Result<void> fill(const fs::path& path,
                      const fs::path& source,
                      const Secret& passphrase,
                      const Progress& progress) const {
        const ChildCommand command{
            .program = options_.program,
            .arguments = {"convert",
                          "-n",
                          "-p",
                          "-f",
                          "raw",
                          "--object",
                          "secret,id=s0,file=/dev/fd/3",
                          "--target-image-opts",
                          source.native(),
                          "driver=qcow2,encrypt.key-secret=s0,file.driver=file,file.filename=" +
                              option_value(path)},
            .secret = &passphrase,
            .time_limit = options_.time_limit,
            .on_output =
                [&progress](std::string_view output) {
                    const int percent = percent_in(output);
                    if (percent >= 0 && progress)
                        progress(percent);
                },
        };
        VS_TRY(const ChildExit exit, run_child(command));
        return to_result(exit);
    }

    const QemuImgOptions options_;
};

} // namespace

std::unique_ptr<DiskImages> make_qemu_disk_images(QemuImgOptions options) {
    return std::make_unique<QemuDiskImages>(std::move(options));
}

} // namespace vouchsafe::hypervisor
