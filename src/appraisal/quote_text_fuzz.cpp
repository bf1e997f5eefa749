// Any bytes as a file of a quote: a text's bytes are the same from every text of them, and keylime's form has
// three parts.
#include "appraisal/quote_text.h"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const Bytes file(data, size);
    if (const auto bytes = appraisal::quote_bytes(file); bytes && !bytes->empty()) {
        const auto again = appraisal::quote_bytes(as_bytes(to_hex(*bytes)));
        VS_CHECK(again && *again == *bytes);
    }
    if (const auto keylime = appraisal::keylime_quote(file); keylime && *keylime)
        VS_CHECK(!(*keylime)->attest.empty() && !(*keylime)->signature.empty() && !(*keylime)->pcrs.empty());
    return 0;
}
