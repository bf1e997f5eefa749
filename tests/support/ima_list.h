// Entries of IMA lists as the kernel writes them, with true template digests: for tests.
#pragma once

#include "base/bytes.h"
#include "base/reader.h"
#include "crypto/digest.h"

#include <cstdint>
#include <string>

namespace vouchsafe::test {

struct ImaFields {
    std::uint32_t pcr = 10;
    std::string template_name = "ima-ng"; ///< or ima-ngv2, ima-sig, ima-sigv2, ima-buf, ima-modsig, n-ng
    std::string name;
    Buffer digest;
    std::string algorithm = "sha256";
    Buffer signature = {};
    Buffer buffer = {};
    bool violation = false;
    Buffer unsigned_digest = {}; ///< of the file without the signature that is appended
    Buffer appended = {};        ///< that signature
};

inline Buffer ima_entry(const ImaFields& fields) {
    const auto field = [](Bytes bytes) {
        return Writer().little(static_cast<std::uint32_t>(bytes.size())).bytes(bytes).done();
    };
    const auto named = [&field](const std::string& algorithm, Bytes digest) {
        return field(Writer().text(algorithm + ":").bytes(Buffer{0}).bytes(digest).done());
    };
    Writer data;
    if (fields.template_name != "n-ng")
        data.bytes(named(fields.algorithm, fields.digest));
    data.bytes(field(Writer().text(fields.name).bytes(Buffer{0}).done()));
    if (fields.template_name.starts_with("ima-sig") || fields.template_name == "ima-modsig")
        data.bytes(field(fields.signature));
    if (fields.template_name == "ima-modsig")
        data.bytes(fields.appended.empty() ? field({}) : named("sha256", fields.unsigned_digest))
            .bytes(field(fields.appended));
    if (fields.template_name == "ima-buf")
        data.bytes(field(fields.buffer));
    const Buffer content = data.done();
    const Buffer digest =
        fields.violation ? Buffer(20, 0) : crypto::digest(crypto::HashAlg::sha1, Bytes(content));
    return Writer()
        .little(fields.pcr)
        .bytes(digest)
        .bytes(field(as_bytes(fields.template_name)))
        .bytes(field(content))
        .done();
}

} // namespace vouchsafe::test
