// Names that cannot be swapped: every identifier is a type of its own.
#pragma once

#include <compare>
#include <string>

namespace vouchsafe {

template <class Tag> struct Id {
    std::string text;

    auto operator<=>(const Id&) const = default;
};

using HostId = Id<struct HostIdTag>; ///< "h-" and 32 hex digits, derived from the EK
using AuthorityHostId = Id<struct AuthorityHostIdTag>;
using KeyProviderId = Id<struct KeyProviderIdTag>; ///< the administrator's name for a provider
using KeyId = Id<struct KeyIdTag>;                 ///< KMIP Unique Identifier
using VmId = Id<struct VmIdTag>;                   ///< UUID
using ImageVersion = Id<struct ImageVersionTag>;   ///< version of a base image, its identifier

} // namespace vouchsafe
