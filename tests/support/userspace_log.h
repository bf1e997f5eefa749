// systemd's measurement log, as systemd writes it: for tests.
#pragma once

#include "appraisal/replay.h"
#include "base/bytes.h"
#include "json/write.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::test {

struct UserspaceWord {
    std::uint32_t pcr = 11;
    std::string text;
    std::string kind = "phase";
};

inline const std::string record_separator = "\x1e";

/// The whole record: RS, object, LF.
inline std::string userspace_record(const json::Value& record) {
    return record_separator + json::canonical(record) + "\n";
}

/// One record of the word in these banks.
inline std::string userspace_record(const UserspaceWord& word,
                                    const std::vector<appraisal::Algorithm>& banks) {
    return userspace_record(json::object(
        {{"pcr", word.pcr},
         {"digests",
          json::array_of(banks,
                         [&word](appraisal::Algorithm bank) {
                             return json::object(
                                 {{"hashAlg", to_string(bank)},
                                  {"digest", to_hex(appraisal::hash(bank, as_bytes(word.text)))}});
                         })},
         {"content_type", "systemd"},
         {"content",
          json::object({{"string", word.text},
                        {"bootId", "5c1b1c7f2f1d4f0c9c8f6a0c0f4a7e11"},
                        {"timestamp", 1'234'567},
                        {"eventType", word.kind}})}}));
}

} // namespace vouchsafe::test
