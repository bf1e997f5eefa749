// Any bytes as a file of Secure Boot keys: what is taken is a variable's content, with which a platform is
// made.
#include "appraisal/platform.h"
#include "eventlog/signature_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto lists = appraisal::read_key_file({data, size}, "605dab50-e046-4300-abb6-3dd810dd8b23");
    if (!lists)
        return 0;
    VS_CHECK(eventlog::decode_signature_lists(*lists));
    VS_CHECK(appraisal::platform_of({.pk = *lists, .kek = *lists, .db = *lists, .dbx = *lists}));
    return 0;
}
