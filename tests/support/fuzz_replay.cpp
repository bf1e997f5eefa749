// A main for fuzzers in builds without libFuzzer: replays every file of the given folders whose path holds
// a folder "fuzz-...", and every file given by name. So each past crash stays a test under any compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

int replay(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> raw{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const std::vector<std::uint8_t> bytes(raw.begin(), raw.end());
    return LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

} // namespace

int main(int argc, char** argv) {
    std::size_t replayed = 0;
    for (int i = 1; i < argc; ++i) {
        const std::filesystem::path root = argv[i];
        if (!std::filesystem::is_directory(root)) {
            if (std::filesystem::exists(root) && replay(root) == 0)
                ++replayed;
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
            if (entry.is_regular_file() && replay(entry.path()) == 0)
                ++replayed;
    }
    // Every parser must take these, whatever its format.
    const std::vector<std::uint8_t> nothing;
    const std::vector<std::uint8_t> ones(4096, 0xFF);
    const std::vector<std::uint8_t> zeros(4096, 0x00);
    for (const auto& bytes : {nothing, ones, zeros}) {
        if (LLVMFuzzerTestOneInput(bytes.data(), bytes.size()) != 0)
            return 1;
        ++replayed;
    }
    std::printf("%zu inputs replayed\n", replayed);
    return 0;
}
