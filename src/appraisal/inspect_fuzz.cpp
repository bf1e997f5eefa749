// Any bytes as a firmware log: a report with a verdict, through replay, grammar and every decoder.
#include "appraisal/inspect.h"
#include "json/parse.h"
#include "json/write.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto report = appraisal::inspect_eventlog({data, size});
    VS_CHECK(report.json.find("findings") != nullptr);
    VS_CHECK(report.verdict != appraisal::Verdict::malformed ||
             !report.json.find("findings")->as_array().empty());
    VS_CHECK(is_utf8(json::canonical(report.json)));
    return 0;
}
