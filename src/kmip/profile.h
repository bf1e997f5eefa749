// Known families of key servers: what their makers' servers do that others do not, and what follows from it.
#pragma once

#include <span>
#include <string_view>

namespace vouchsafe::kmip {

struct Profile {
    std::string_view name;
    std::span<const std::string_view>
        vendor_words; ///< any of them in the Vendor Identification, small letters
    std::span<const std::string_view> consequences; ///< a sentence each, for an administrator
};

/// The profile whose words the Vendor Identification has; else the last, "generic", which has no words.
const Profile& profile_for(std::string_view vendor);

/// All of them, "generic" last.
std::span<const Profile> profiles();

} // namespace vouchsafe::kmip
