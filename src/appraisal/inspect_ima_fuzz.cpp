// Any bytes as an IMA list, binary or text: a report with a verdict, and a finding wherever it is not fine.
#include "appraisal/inspect_ima.h"
#include "json/write.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto report = appraisal::inspect_ima({data, size});
    const bool fine = report.verdict == appraisal::Verdict::fine;
    VS_CHECK(fine || !report.json.find("findings")->as_array().empty());
    VS_CHECK((report.verdict == appraisal::Verdict::malformed) ==
             report.json.find("pcrs")->as_object().empty());
    VS_CHECK(is_utf8(json::canonical(report.json)));
    return 0;
}
