// The five files of a quote, cut from any bytes by sizes at their start: a report whose verdict and checks
// agree.
#include "appraisal/inspect_quote.h"
#include "base/reader.h"
#include "json/write.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    Reader in({data, size});
    const auto take = [&in] {
        const std::size_t wanted = in.little<std::uint16_t>("size").value_or(0);
        return in.take(std::min(wanted, in.remaining()), "file").value();
    };
    const Bytes attest = take();
    const Bytes signature = take();
    const Bytes ak = take();
    const Bytes pcrs = take();
    const auto report = appraisal::inspect_quote(
        {.attest = attest, .signature = signature, .ak = ak, .nonce = take(), .pcrs = pcrs});
    const bool verified = report.verdict == appraisal::Verdict::fine;
    VS_CHECK(report.json.find("verified")->as_bool() == verified);
    VS_CHECK(std::ranges::all_of(report.json.find("checks")->as_array(), [](const json::Value& check) {
                 return check.find("passed")->as_bool();
             }) == verified);
    VS_CHECK(is_utf8(json::canonical(report.json)));
    return 0;
}
