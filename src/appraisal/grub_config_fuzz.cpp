// Any text as grub's configuration: what is taken has commands with words, and a kernel before its initrd.
#include "appraisal/grub_config.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto commands = appraisal::grub_commands(as_text({data, size}));
    if (!commands)
        return 0;
    const auto place_of = [&commands](std::string_view name) {
        return std::ranges::find_if(*commands, [name](const auto& one) { return one.words.front() == name; });
    };
    for (const auto& command : *commands)
        VS_CHECK(!command.words.empty() && !command.text().empty());
    VS_CHECK(place_of("linux") < place_of("initrd") && place_of("initrd") != commands->end());
    return 0;
}
