// Whatever a file holds: what is read from it is a blob that its bytes encode, and reads the same in hex.
#include "keyprovider/blob_file.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto file = keyprovider::read_blob_file(Bytes(data, size));
    if (!file)
        return 0;
    VS_CHECK(same_bytes(keyprovider::encode_blob(file->blob), file->bytes));
    const std::string hex = to_hex(file->bytes);
    const auto again = keyprovider::read_blob_file(as_bytes(hex));
    VS_CHECK(again && again->form == keyprovider::BlobForm::hex && again->blob == file->blob);
    return 0;
}
