// What differs between two base images: for the one who approves the next build.
#pragma once

#include "appraisal/base_image.h"
#include "json/value.h"

#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {

/// A reference of one image without its like in the other; both, where one took the other's place.
struct ReferenceChange {
    std::optional<Reference> before;
    std::optional<Reference> after;
    std::string detail; ///< of command lines: the words

    std::uint32_t pcr() const { return before ? before->pcr : after->pcr; }
};

/// A member of the document other than its references, as text.
struct MemberChange {
    std::string name;
    std::string before;
    std::string after;
};

struct ImageDifference {
    std::vector<MemberChange> members;
    std::vector<ReferenceChange> references; ///< by PCR, in the order of the events

    bool empty() const { return members.empty() && references.empty(); }
};

/// References are alike when they are of one PCR and type, have a digest algorithm in common, and the same
/// digest in each that they have in common. Costs the product of their numbers in each PCR.
ImageDifference image_difference(const BaseImage& before, const BaseImage& after);

/// {"same":bool,"members":[{"name","before","after"}],"references":[{"change":"added"|"removed"|"changed",
///  "pcr","type","role","before":{"description","digests"} or null,"after":..,"detail"}]}
json::Value to_json(const ImageDifference& difference);

} // namespace vouchsafe::appraisal
