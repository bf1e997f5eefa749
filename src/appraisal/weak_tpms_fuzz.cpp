// Lists of weak TPMs: one that is read can be asked about every version that it names.
#include "appraisal/weak_tpms.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto list = appraisal::parse_weak_tpms(as_text({data, size}));
    if (!list)
        return 0;
    for (const appraisal::TpmFault& fault : list->faults)
        for (const appraisal::VersionRange& range : fault.firmware) {
            appraisal::TpmVersion version{};
            std::ranges::copy(range.from, version.begin());
            const auto found = list->faults_of(fault.manufacturer, version);
            VS_CHECK(!range.contains(version) || std::ranges::find(found, &fault) != found.end());
        }
    return 0;
}
