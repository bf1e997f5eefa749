// The shapes that payloads of several operations share. For the readers and writers of this library alone.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "kmip/message.h"
#include "ttlv/item.h"

#include <span>
#include <string_view>

namespace vouchsafe::kmip {

inline constexpr ProtocolVersion version_2{2, 0}; ///< attributes have tags of their own from here on

/// The server said success, and what it sent is not what the operation gives: class protocol.
std::unexpected<Error> wrong_shape(std::string_view what);

/// The value below that tag, if there is one of this type.
template <class T> const T* find_value(const ttlv::Item& in, ttlv::Tag tag) {
    const ttlv::Item* const found = in.find(tag);
    return found != nullptr ? found->as<T>() : nullptr;
}

ttlv::Item identifier(const KeyId& id);

/// A missing identifier is forgiven, another one never: it would be another object.
Result<void> same_object(const ttlv::Item& payload, const KeyId& asked);

/// The identifier of an object that the operation made.
Result<KeyId> new_object(const ttlv::Item& payload, Operation operation);

/// A request that begins with the object it means.
RequestItem about(Operation operation, const KeyId& id);

ttlv::Item name_value(std::string_view name);

/// One attribute of 1.x [KMIP 1.4, Attribute].
ttlv::Item attribute_1x(std::string_view name, ttlv::Item value);

/// The attributes in the shape of the version: typed tags in 2.x, named values in 1.x.
ttlv::Structure attribute_list(ProtocolVersion version, ttlv::Structure typed);

/// The same in the structure that Create and Register take: Attributes in 2.x, Template-Attribute in 1.x.
ttlv::Item attributes_of_object(ProtocolVersion version, ttlv::Structure typed);

} // namespace vouchsafe::kmip
